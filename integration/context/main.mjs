// The async contexts of runs, as OpenTelemetry's SDKs 2 and 3 see them: no span of
// a tick has a foreign parent, and one that a request asked for has the request.
//
//   npm run test:context                on every engine
//   npm run test:context -- deno bun    on these
//
// The last line is "N passed, N failed".

import assert from "node:assert/strict";
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

const kinds = ["2", "3"];
for (const kind of kinds) {
  install(
    `integration/observability/sdk${kind}`,
    `OpenTelemetry's SDK ${kind}`,
  );
}

// "" is no parent: a root.
const expected = {
  "first": ["request 1"],
  "first, later": ["request 1"],
  "second": ["request 2"],
  "second, later": ["request 2"],
  "alone": [""],
  "alone, later": [""],
  "none": [""],
  "none, later": [""],
  "by hand": ["request 4"],
  "run 0": ["request A"],
  "stop of run 0": ["request A"],
  "run 1": ["request B"],
  "stop of run 1": ["request B"],
  "run 2": ["request C"],
  "stop of run 2": ["request C"],
};

const asked = process.argv.slice(2).filter(Boolean);
let passed = 0;
let failed = 0;
for (const engine of findEngines(asked.length > 0 ? asked : engineIds)) {
  for (const kind of kinds) {
    const name = `${engine.id} ${engine.version}, SDK ${kind}`;
    // SDK 3 is for Node 22 and later.
    if (kind === "3" && engine.id === "node20") continue;
    const file = "integration/context/program.ts";
    const { stdout, stderr } = spawnSync(
      engine.binary,
      fileCommand(engine.kind, file, [kind]),
      { cwd: root, encoding: "utf8", env: environment(), timeout: 60_000 },
    );
    try {
      const said = JSON.parse(stdout.trim().split("\n").at(-1));
      const sorted = (of) => Object.entries(of).sort();
      assert.deepEqual(sorted(said), sorted(expected));
      passed++;
      console.log(`ok      ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAILED  ${name}\n${error}\n${stderr}`);
    }
  }
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
