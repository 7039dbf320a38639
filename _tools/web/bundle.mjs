// The suite in one file, for engines that have no test runner.

import { build } from "esbuild";
import { join } from "node:path";
import { root } from "../engines.mjs";

// @sinonjs/fake-timers asks for it where there is a `process`, as there is in
// workerd, and does without what is not in it.
const noUtil = {
  name: "no util",
  setup(build) {
    build.onResolve({ filter: /^util$/ }, ({ path }) => ({
      path,
      namespace: "empty",
    }));
    build.onLoad({ filter: /./, namespace: "empty" }, () => ({ contents: "" }));
  },
};

/**
 * Bundles files behind the code in `entry`. What stands in `node:` modules stays
 * outside: the tests load it only where they can use it.
 */
export async function bundle({ entry, format, banner = "" }) {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: root, loader: "ts" },
    absWorkingDir: root,
    // As in tsconfig.json, but for the one that stands on `node:test`.
    alias: {
      "@std/testing/bdd": join(root, "_tools/std/bdd_portable.ts"),
    },
    banner: { js: banner },
    bundle: true,
    external: ["node:*"],
    format,
    logOverride: { "empty-import-meta": "silent" },
    platform: "browser",
    // What tells a fake clock is the names of its functions.
    keepNames: true,
    plugins: [noUtil],
    target: "es2022",
    write: false,
  });
  return outputFiles[0].text;
}

/**
 * The whole suite as `runSuite`, with `expected` as the engine that it is meant
 * for. The library is loaded at module scope, as in an app. The tests are loaded
 * when they are to run: edge platforms allow at module scope no more than the
 * library asks for, and @sinonjs/fake-timers starts a timer as it is loaded.
 */
export function bundleSuite(
  { files, filter, isThorough = false, expected, format, entry },
) {
  return bundle({
    banner: `globalThis.GOLIB_RUNNER_ENGINE = ${JSON.stringify(expected)};
globalThis.GOLIB_RUNNER_THOROUGH = ${isThorough};`,
    entry: [
      `import "@golib/runner";`,
      `import { runCollected } from "@std/testing/bdd";`,
      "async function runSuite() {",
      ...files.map((file) => `  await import(${JSON.stringify(`./${file}`)});`),
      `  return await runCollected(${JSON.stringify({ filter })});`,
      "}",
      entry,
    ].join("\n"),
    format,
  });
}
