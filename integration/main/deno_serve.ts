/**
 * A server of Deno's whose grace passes while a request is in flight: as the README
 * of 0.1.0 had it, and by `httpServer`.
 */

import process from "node:process";
import { StartStop, untilAborted } from "../../mod.ts";
import { httpServer } from "../../http/mod.ts";

// What is used here of Deno, whose types would be a package more.
declare const Deno: {
  serve(
    options: {
      port: number;
      hostname: string;
      signal: AbortSignal;
      onListen: (place: { port: number }) => void;
    },
    handler: () => Promise<Response>,
  ): { shutdown(): Promise<void> };
};

const hostname = "127.0.0.1";
let arrived = () => {};
const inFlight = new Promise<void>((resolve) => arrived = resolve);

function answer(): Promise<Response> {
  arrived();
  return new Promise(() => {});
}

const options = { name: "http", stopTimeout: 100, printErrors: false };
let port = 0;

const old = new StartStop(
  async (signal, { ready, force }) => {
    const server = Deno.serve({
      port: 0,
      hostname,
      signal: force,
      onListen: (place) => {
        port = place.port;
        ready();
      },
    }, answer);
    await untilAborted(signal);
    await server.shutdown();
  },
  undefined,
  { ...options, awaitReady: true },
);

const now = httpServer({
  ...options,
  port: 0,
  hostname,
  linger: 0,
  fetch: answer,
});
const isOld = process.argv.at(-1) === "old";
const server = isOld ? old : now;

await server.start();
const url = isOld ? `http://${hostname}:${port}` : now.url;
const request = fetch(url).then(
  () => "answered",
  () => "cut off",
);
await inFlight;
await server.stop().catch((error) => console.log(error.name));
console.log(await request);
await server.finished().catch(() => {});
console.log(server.state);
