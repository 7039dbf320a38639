// Bun.serve as a service, by hand: what `httpServer` does is more. It runs on Bun
// only.

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

let arrived = () => {};
const arrival = new Promise<void>((resolve) => arrived = resolve);

async function answer(): Promise<Response> {
  arrived();
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
await arrival;
await http.stop();
console.log(`${await text}, ${http.state}, ${http.errorsTotal()} errors`);

// Prints:
//
// hello, stopped, 0 errors
