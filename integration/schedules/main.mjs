// Cron and calendar libraries as schedules, on Node, Deno and Bun: the adapters of
// docs/schedules.md with the real packages, over both changes of the clocks.
//
//   npm run test:schedules
//   npm run test:schedules -- bun

import { spawnSync } from "node:child_process";
import process from "node:process";
import {
  environment,
  fileCommand,
  findEngines,
  ownNode,
  root,
} from "../../_tools/engines.mjs";
import { install } from "../../_tools/install.mjs";

install("integration/schedules", "the cron and calendar libraries");
const asked = process.argv.slice(2);
const ids = asked.length > 0 ? asked : [ownNode, "deno", "bun"];
let passed = 0;
let failed = 0;
for (const { id, kind, binary, version } of findEngines(ids)) {
  const { stdout, stderr } = spawnSync(
    binary,
    fileCommand(kind, "integration/schedules/suite.mjs"),
    {
      cwd: root,
      encoding: "utf8",
      // Some libraries know no other zone than that of the process.
      env: environment({ TZ: "Europe/Paris" }),
      timeout: 5 * 60_000,
    },
  );
  const text = stdout.trimEnd();
  const [, good, bad] = /(\d+) passed, (\d+) failed$/.exec(text) ?? [];
  console.log(`${id} ${version}: ${text || stderr}`);
  passed += Number(good ?? 0);
  failed += Number(bad ?? 1);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
