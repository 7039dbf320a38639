// Bun.serve as a service. It runs on Bun only, and is quoted in the README.

import { setTimeout as delay } from "node:timers/promises";
import { StartStop, untilAborted } from "../../mod.ts";

// What is used here of Bun, whose types would be a package more.
declare const Bun: {
  serve(options: {
    port: number;
    hostname: string;
    fetch(request: Request): Response | Promise<Response>;
  }): { port: number; stop(closeActive?: boolean): Promise<void> };
};

async function answer(): Promise<Response> {
  await delay(100);
  return new Response("hello");
}

let port = 0;
const http = new StartStop(
  async (signal, { ready, force }) => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: answer,
    });
    port = server.port;
    ready();
    await untilAborted(signal);
    void untilAborted(force).then(() => server.stop(true));
    await server.stop();
  },
  undefined,
  { name: "http", awaitReady: true, stopTimeout: 10_000 },
);

await http.start();
const text = fetch(`http://127.0.0.1:${port}`).then((each) => each.text());
await delay(50);
await http.stop();
console.log(`${await text}, ${http.state}, ${http.errorsTotal()} errors`);

// Prints:
//
// hello, stopped, 0 errors
