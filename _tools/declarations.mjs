// Checks the declarations that users of npm get: Deno writes them from the source,
// and leaves out what it cannot tell without the whole of the program.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { environment, root } from "./engines.mjs";
import { pack } from "./pack.mjs";

const program = `import { Ticker } from "@golib/runner";
import { main } from "@golib/runner/shutdown";
import { Supervisor } from "@golib/runner/supervisor";
await using ticker = new Ticker(1_000, (signal: AbortSignal) => void signal);
await using group = new Supervisor([{ runner: ticker }]);
const code: number = await main(group);
const names: string[] = [ticker.name, group.state, String(code)];
void names;
`;

const folder = mkdtempSync(join(tmpdir(), "runner-declarations-"));
const place = join(folder, "node_modules", "@golib", "runner");

function run(binary, ...values) {
  const { status, error, stdout, stderr } = spawnSync(binary, values, {
    cwd: root,
    encoding: "utf8",
    env: environment(),
  });
  if (status === 0) return;
  console.error(`${error ?? ""}${stdout ?? ""}${stderr ?? ""}`);
  process.exitCode = 1;
}

try {
  mkdirSync(place, { recursive: true });
  const archive = join(folder, "runner.tgz");
  pack(archive);
  run("tar", "-xzf", archive, "-C", place, "--strip-components=1");
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "program.ts"), program);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        // What the README says that the types need.
        lib: ["es2022", "dom"],
        module: "nodenext",
        noEmit: true,
        strict: true,
        target: "es2022",
        types: [],
      },
    }),
  );
  run(
    process.execPath,
    join(root, "_tools/lint/node_modules/typescript/bin/tsc"),
    "--project",
    folder,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
