// The library beside its peers, in three small programs:
//
//   npm run compare                  all of them, on Node 24
//   npm run compare -- bun drift     another engine, only this one
//
// It installs the peers first. Their current versions need Node 22 or later.

import { spawnSync } from "node:child_process";
import process from "node:process";
import {
  engineIds,
  environment,
  fileCommand,
  findEngines,
  root,
} from "../../_tools/engines.mjs";
import { install } from "../../_tools/install.mjs";

const programs = ["stop", "drift", "aborts", "hono"];

const asked = process.argv.slice(2);
const known = [...engineIds, ...programs];
const stranger = asked.find((each) => !known.includes(each));
if (stranger) {
  console.error(`'${stranger}' is none of: ${known.join(", ")}`);
  process.exit(2);
}
const chosen = asked.filter((each) => engineIds.includes(each));
const those = programs.filter((each) => asked.includes(each));

install("examples/compare", "the peers (once)");
for (
  const { kind, binary, version } of findEngines(
    chosen.length > 0 ? chosen : ["node24"],
  )
) {
  for (const program of those.length > 0 ? those : programs) {
    console.log(`\n${program}.mjs on ${kind} ${version}`);
    const { status } = spawnSync(
      binary,
      fileCommand(kind, `examples/compare/${program}.mjs`),
      { cwd: root, env: environment(), stdio: "inherit", timeout: 60_000 },
    );
    if (status !== 0) process.exitCode = 1;
  }
}
