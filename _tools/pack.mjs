// Writes the package as npm users get it: `npm run pack`. Deno makes it of the
// source; what Deno leaves out is added here.

import { spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { environment, findDeno, root } from "./engines.mjs";

/** What is said of the package beside what deno.json says. */
const about = {
  description:
    "Start, stop and restart services, and do periodic work, on AbortSignal and timers alone.",
  homepage: "https://github.com/golib/runner#readme",
  repository: {
    type: "git",
    url: "git+https://github.com/golib/runner.git",
  },
  bugs: "https://github.com/golib/runner/issues",
  keywords: [
    "lifecycle",
    "graceful-shutdown",
    "start",
    "stop",
    "restart",
    "supervisor",
    "ticker",
    "cron",
    "scheduler",
    "abortsignal",
    "deno",
    "bun",
  ],
  engines: { node: ">=20" },
  sideEffects: false,
};

/**
 * Where the types of each entry are, for TypeScript with `moduleResolution: node`,
 * which does not read `exports`.
 */
function typesVersions(entries) {
  const places = Object.entries(entries)
    .filter(([entry, { types }]) => entry !== "." && types)
    .map(([entry, { types }]) => [entry.slice(2), [types.slice(2)]]);
  return { "*": Object.fromEntries(places) };
}

/** TypeScript knows `AsyncDisposable` only where it is told of it. */
const reference = '/// <reference lib="esnext.disposable" />\n';

function run(binary, ...values) {
  const { status, error, stdout, stderr } = spawnSync(binary, values, {
    cwd: root,
    encoding: "utf8",
    env: environment(),
  });
  if (status === 0) return;
  throw new Error(`${binary} ${values[0]}: ${error ?? ""}${stdout}${stderr}`);
}

/** Writes the package into a file. */
export function pack(file) {
  const folder = mkdtempSync(join(tmpdir(), "runner-pack-"));
  try {
    const first = join(folder, "first.tgz");
    // Source maps would hold the paths of this machine. Deno writes no types for
    // internal files that no public type leads to, and says so: nothing is missing,
    // which `npm run check` shows by a program of users, types and all.
    run(
      findDeno(),
      "pack",
      "--allow-dirty",
      "--no-source-maps",
      "-o",
      first,
    );
    run("tar", "-xzf", first, "-C", folder);
    const place = join(folder, "package");
    const manifest = join(place, "package.json");
    const { name, version, ...rest } = JSON.parse(
      readFileSync(manifest, "utf8"),
    );
    const whole = {
      ...{ name, version, ...about, ...rest },
      typesVersions: typesVersions(rest.exports),
    };
    writeFileSync(manifest, `${JSON.stringify(whole, null, 2)}\n`);
    for (const each of readdirSync(place, { recursive: true })) {
      if (!each.endsWith(".d.ts")) continue;
      const path = join(place, each);
      const text = readFileSync(path, "utf8");
      if (/\b(Async)?Disposable\b|Symbol\.(asyncDispose|dispose)/.test(text)) {
        writeFileSync(path, reference + text);
      }
    }
    run("tar", "-czf", resolve(root, file), "-C", folder, "package");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = "golib-runner.tgz";
  pack(file);
  console.log(`${file} is written: npm install PATH/${file}`);
}
