// The checker in a minute and a half: right code must pass, and code with either
// fault must not. The last line is "N passed, N failed".

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { install } from "../../../_tools/install.mjs";
import { runs } from "../servers.mjs";

if (!runs("etcd")) {
  console.log("etcd: not installed, 6 checks skipped");
  console.log("0 passed, 0 failed, 6 skipped");
  process.exit(0);
}
install("integration/coordination", "the clients of the stores");
const main = fileURLToPath(new URL("main.mjs", import.meta.url));
const children = [];
function check(...values) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...values], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let said = "";
    child.stdout.on("data", (text) => said += text);
    child.on("close", () => {
      console.log(said.trimEnd());
      const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(said) ??
        [0, 0, 1];
      resolve([Number(passed), Number(failed)]);
    });
  });
}
for (const name of ["SIGINT", "SIGTERM"]) {
  process.once(name, () => {
    for (const each of children) each.kill(name);
    process.exit(1);
  });
}
/** A fault shows by chance: one that was not seen gets another seed. */
async function seen(...values) {
  for (let left = 2;; left--) {
    const counts = await check(...values);
    if (counts[1] === 0 || left === 0) return counts;
  }
}
// Side by side, as they wait more than they work.
const all = await Promise.all([
  check("--seconds=85"),
  seen("--break=signal", "--seconds=45"),
  seen("--break=answer", "--seconds=75"),
]);
const [passed, failed] = [0, 1].map((index) =>
  all.reduce((sum, each) => sum + each[index], 0)
);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
