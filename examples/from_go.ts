// The examples of the Go package's README, in its order. What is different: a
// `context.Context` is an `AbortSignal`, an `error` and a `panic` are a throw, a
// stop waits, and an aborted signal does stop the run.

import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { runNbr, runTick, StartStop, Ticker } from "../mod.ts";

async function httpServer(): Promise<void> {
  const server = createServer((_request, response) => response.end("hello"));
  const runner = new StartStop(
    // Like ListenAndServe, it lasts until the server is closed.
    async (_signal, { ready }) => {
      await once(server.listen(0, "127.0.0.1"), "listening");
      ready();
      await once(server, "close");
    },
    () => {
      server.close();
    },
    { name: "server", awaitReady: true },
  );
  await runner.start();
  console.log(`server running: ${runner.isRunning()}`);
  await runner.stop({ timeout: 10_000 });
  console.log(`server errors: ${runner.errorsLast() ?? "none"}`);
}

async function healthCheck(): Promise<void> {
  let count = 0;
  const ticker = new Ticker(20, (_signal, control) => {
    count++;
    if (count === 7) control.stop();
    if (count % 5 === 0) throw new Error(`warning at check ${count}`);
  }, { name: "health check", printErrors: false });
  await ticker.start();
  await ticker.finished();
  for (const error of ticker.errorsList()) console.log(error.message);
  console.log(`${count} checks, ${ticker.errorsTotal()} error`);
}

async function cancellation(): Promise<void> {
  const ticker = new Ticker(20, () => {});
  await ticker.start({ signal: AbortSignal.timeout(100) });
  await ticker.finished();
  console.log(`ticker running: ${ticker.isRunning()}, it stopped by itself`);
}

async function utilities(): Promise<void> {
  let attempts = 0;
  const isServerReady = await runNbr(() => attempts >= 3, {
    max: 5,
    run: async () => {
      await delay(10);
      attempts++;
    },
  });
  console.log(`server ready: ${isServerReady} after ${attempts} attempts`);

  let waits = 0;
  const isDatabaseReady = await runTick(() => waits >= 2, {
    interval: 20,
    timeout: 5_000,
    run: () => waits++,
  });
  console.log(`database ready: ${isDatabaseReady} after ${waits} waits`);
}

async function recovery(): Promise<void> {
  const runner = new StartStop(
    () => {
      throw new Error("something went wrong");
    },
    undefined,
    { printErrors: false },
  ); // By default it is printed, with a trace.
  await runner.start();
  console.log(`recovered: ${runner.errorsLast()?.message}`);
}

await httpServer();
await healthCheck();
await cancellation();
await utilities();
await recovery();

// Prints:
//
// server running: true
// server errors: none
// warning at check 5
// 7 checks, 1 error
// ticker running: false, it stopped by itself
// server ready: true after 3 attempts
// database ready: true after 2 waits
// recovered: something went wrong
