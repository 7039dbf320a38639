// The tests that mutants are run against, in one file: a process for each mutant
// has no time for more. Runs in Stryker's copy of the project.

import { build } from "esbuild";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("../..", import.meta.url));

// What is left out starts many processes, waits in real time, or tests what is
// built on the core.
const leftOut =
  /^(_|engine_test|faults|service|import|process|reload|schedule_dst|security|shutdown|supervisor)/;

// The first test that fails ends a run: those that notice most come first, those
// that wait in real time come last.
const order = (name) =>
  /^(model|states)_/.test(name)
    ? 0
    : /^(clock|schedule)_/.test(name)
    ? 3
    : /^(engine_clock|ticker_many)_/.test(name)
    ? 2
    : 1;

const files = readdirSync(join(root, "tests"))
  .filter((name) => name.endsWith("_test.ts") && !leftOut.test(name))
  .sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));

await build({
  stdin: {
    contents: [
      `import "./_tools/mutation/globals.ts";`,
      ...files.map((name) => `import "./tests/${name}";`),
      `import { runAll } from "@std/testing/bdd";`,
      "await runAll();",
    ].join("\n"),
    resolveDir: root,
    loader: "ts",
  },
  absWorkingDir: root,
  alias: { "@std/testing/bdd": join(root, "_tools/mutation/bdd.ts") },
  // What is bundled from CommonJS asks for Node's own modules in this way.
  banner: {
    js: 'import { createRequire } from "node:module";' +
      "const require = createRequire(import.meta.url);",
  },
  bundle: true,
  format: "esm",
  // What tells a fake clock is the names of its functions.
  keepNames: true,
  logLevel: "error",
  platform: "node",
  target: "esnext",
  // Beside the tests, which start programs that lie there.
  outfile: join(root, "tests/_suite.mjs"),
});
