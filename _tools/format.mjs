// Formats all files: `npm run format`.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { environment, findDeno, root } from "./engines.mjs";

const { status } = spawnSync(findDeno(), ["fmt", "--quiet"], {
  cwd: root,
  env: environment(),
  stdio: "inherit",
});
process.exitCode = status ?? 1;
