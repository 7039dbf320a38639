// Each measurement in a process of its own, on each engine.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { environment } from "../_tools/engines.mjs";

const file = fileURLToPath(new URL("probe.mjs", import.meta.url));
const folder = fileURLToPath(new URL(".", import.meta.url));
const LIMIT = 5 * 60_000;

const options = {
  deno: [
    "run",
    "--allow-all",
    "--no-config",
    "--no-lock",
    // The peers as Deno takes them from npm.
    "--node-modules-dir=manual",
    "--v8-flags=--expose-gc",
  ],
  bun: ["run"],
  node: ["--expose-gc", "--no-warnings"],
};

/** Runs a probe, and returns what it found. */
export function measured(engine, library, probe, settings, flags = []) {
  const values = [...options[engine.kind], ...flags, file, probe];
  const child = spawn(engine.binary, [...values, JSON.stringify(settings)], {
    cwd: folder,
    env: environment({ RUNNER_LIBRARY: library }),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT,
    killSignal: "SIGKILL",
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (data) => output += data);
  child.stderr.on("data", (data) => errors += data);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const result = /^@result (.*)$/m.exec(output)?.[1];
      if (code === 0 && result) return resolve(JSON.parse(result));
      reject(
        new Error(
          `${engine.id} ${probe} ${JSON.stringify(settings)} ended with ${
            signal ?? code
          }:\n${output}${errors}`,
        ),
      );
    });
  });
}
