// Every store on its real server: `npm run test:coordination`. A server that is
// not installed is said so, and its cases are skipped, never passed. The last line
// is "N passed, N failed, N skipped".
//
//   npm run test:coordination -- etcd redis     only these
//   npm run test:coordination -- figures        the figures of the documentation
//   npm run test:coordination -- quiet          quiet watches, for seven minutes
//   npm run test:coordination -- kubernetes --server=URL --token=TOKEN

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { install } from "../../_tools/install.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
install("integration/coordination", "the clients of the stores");
const asked = process.argv[2];
const file = ["figures", "quiet"].includes(asked)
  ? `${asked}.mjs`
  : "suite.mjs";
// The library is in TypeScript, and so is run by what can read that.
const child = spawn(
  process.execPath,
  ["--import", "tsx", `${folder}${file}`, ...process.argv.slice(2)],
  { stdio: "inherit", cwd: fileURLToPath(new URL("../..", import.meta.url)) },
);
for (const name of ["SIGINT", "SIGTERM"]) {
  process.on(name, () => child.kill(name));
}
child.on("exit", (code) => process.exit(code ?? 1));
