// A program whose image worker hangs on one picture in ten, and which serves on:
// the hanging worker is found by its stall, killed, and started again by its
// supervisor; the other pictures, and the health check, do not notice.
//
//   node --import tsx examples/killable.ts
//   deno run --allow-all examples/killable.ts
//   bun examples/killable.ts

import process from "node:process";
import { Ticker } from "../mod.ts";
import { Supervisor } from "../supervisor/mod.ts";
import { WorkerRunner } from "../worker/mod.ts";

const resize = new WorkerRunner<{
  small: (picture: { number: number; bytes: Uint8Array }) => Uint8Array;
}>(new URL("./killable/worker.ts", import.meta.url), {
  name: "resize",
  // Also where threads could be killed: those of Node 20 read no TypeScript.
  isolation: "process",
  stallTimeout: 500,
  printErrors: false,
});
let beats = 0;
const health = new Ticker(50, () => {
  beats++;
}, { name: "health" });

const app = new Supervisor([
  { runner: health },
  { runner: resize, restart: "permanent" },
], {
  name: "app",
  printErrors: false,
  backoff: { initial: 10, max: 50 },
});
let restarts = 0;
app.observe((event) => {
  if (event.type === "restart") restarts++;
});
await app.start();

/** One picture; where its worker had to be killed, it is left out. */
async function serve(number: number): Promise<string> {
  const picture = { number, bytes: new Uint8Array(1_000) };
  try {
    const { length } = await resize.call("small", picture);
    return `${length} bytes`;
  } catch {
    return "left out";
  }
}

const answers: string[] = [];
for (let number = 0; number < 20; number++) {
  answers.push(await serve(number));
  // The next has to wait for the worker that is started again.
  do await new Promise((resolve) => setTimeout(resolve, 10)); while (
    !resize.isRunning()
  );
}
console.log(`${answers.filter((each) => each === "500 bytes").length} served`);
console.log(`${answers.filter((each) => each === "left out").length} left out`);
console.log(`${restarts} restarts`);
console.log(`the health check ${beats >= 20 ? "went on" : "stood still"}`);

// The whole tree stops in its time, although the worker is blocked again.
const last = serve(7);
await new Promise((resolve) => setTimeout(resolve, 50));
const began = performance.now();
await app.stop({ timeout: 2_000 }).catch((error) => {
  console.log(`the stop: ${error.name}`);
});
await app.finished().catch(() => {});
const took = performance.now() - began;
console.log(`${app.state} ${took < 10_000 ? "in time" : `after ${took} ms`}`);
await last;
process.exitCode = answers.length === 20 ? 0 : 1;

// Prints:
//
// 18 served
// 2 left out
// 2 restarts
// the health check went on
// ...
// stopped in time
