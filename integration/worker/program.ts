// The suite on one engine with one kind of workers: `program.mjs thread [only]`.
// It is bundled beside its workers, as threads of Node 20 read no TypeScript.

import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { WorkerRunner } from "./library.ts";
import { run } from "./suite.ts";

const [isolation, only] = process.argv.slice(2);
const url = (name: string) => new URL(`./${name}.mjs`, import.meta.url);

if (isolation === "exit") {
  // A program that exits while its worker is blocked.
  const worker = new WorkerRunner<{ loop(): void }>(url("basic_worker"), {
    isolation: "process",
  });
  await worker.start();
  worker.call("loop").catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 200));
  process.exit(0);
}

/** Resolves once such a program and its worker have gone. */
function exitWhileBlocked(): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const values = [...isDeno ? ["run", "--allow-all"] : [], file, "exit"];
  // The worker has the output, too: it closes with the last of them.
  const child = spawn(process.execPath, values, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.resume();
  return new Promise((resolve) => child.on("close", () => resolve()));
}

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
  url,
  hasExitCode: !(isDeno && isThread),
  // Bun has no such option of its heap.
  hasMemoryLimit: !isBun && !(isDeno && isThread),
  ...(!isThread && { exitWhileBlocked }),
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
