// The suite on one engine with one kind of workers: `program.mjs thread [only]`.
// It is bundled beside its workers, as threads of Node 20 read no TypeScript.

import process from "node:process";
import { run } from "./suite.ts";

const [isolation, only] = process.argv.slice(2);
const isDeno = "Deno" in globalThis;
const isBun = "Bun" in globalThis;
const isThread = isolation === "thread";
if (!isThread && isolation !== "process") throw new Error("thread or process?");
let uncaught = 0;
process.on("uncaughtException", (error) => {
  uncaught++;
  console.log(`uncaught in the program: ${error?.stack ?? error}`);
});
const { passed, failed } = await run({
  isolation: isThread ? "thread" : "process",
  url: (name) => new URL(`./${name}.mjs`, import.meta.url),
  hasExitCode: !(isDeno && isThread),
  // Bun has no such option of its heap.
  hasMemoryLimit: !isBun && !(isDeno && isThread),
  ...(!isThread && !isDeno && {
    breakProcesses() {
      const { execPath } = process;
      process.execPath = "/there/is/no/such/engine";
      return () => process.execPath = execPath;
    },
  }),
  only,
});
for (const each of failed) console.log(`FAILED  ${each}`);
console.log(`${passed.length} passed, ${failed.length + uncaught} failed`);
// Deno's threads cannot be killed: blocked ones would hold the program.
process.exit(failed.length + uncaught > 0 ? 1 : 0);
