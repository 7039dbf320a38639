// How Stryker breaks the core. It is started by `check_mutation.mjs`, in the root
// of the project, by the newest Node.

import { availableParallelism } from "node:os";
import process from "node:process";

// The command runner: a process for each mutant, so that none finds anything that
// another has left behind, and code that runs as a module is loaded is tested too.
// A run that passes takes five seconds, one that fails less than one.
export default {
  testRunner: "command",
  commandRunner: {
    command: `"${process.execPath}" tests/_suite.mjs`,
  },
  // Split at spaces by Stryker itself, not by a shell.
  buildCommand: `${
    process.execPath.replaceAll(" ", "\\ ")
  } _tools/mutation/bundle.mjs`,
  mutate: [
    "_internal/**/*.ts",
    "start_stop/**/*.ts",
    "ticker/**/*.ts",
    "tools.ts",
  ],
  // Only what the bundle is made of goes into the copy.
  ignorePatterns: [
    "/*",
    "!/*.ts",
    "!/package.json",
    "!/_internal",
    "!/_tools",
    "!/reload",
    "!/schedule",
    "!/shutdown",
    "!/start_stop",
    "!/supervisor",
    "!/tests",
    "!/ticker",
    "!/tsconfig.json",
  ],
  // The copy lies within the project, so what is installed is found from there.
  symlinkNodeModules: false,
  tempDirName: ".results/mutation",
  cleanTempDir: "always",
  // It is for a version of TypeScript that can be called.
  tsconfigFile: "none.json",
  plugins: [],
  concurrency: Number(process.env.GOLIB_RUNNER_CONCURRENCY) ||
    availableParallelism() + 1,
  timeoutMS: 10_000,
  timeoutFactor: 3,
  reporters: ["json", "progress-append-only"],
  jsonReporter: { fileName: ".results/mutation-report.json" },
  disableTypeChecks: true,
  allowConsoleColors: false,
};
