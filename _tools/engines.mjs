// Which engines there are, where they are, and how each is told to run.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { install } from "./install.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The id of the Node that runs this. */
export const ownNode = `node${process.versions.node.split(".")[0]}`;
const own = {
  id: ownNode,
  kind: "node",
  binary: process.execPath,
  version: process.versions.node,
};

const { platform, arch } = process;
const suffix = platform === "win32" ? ".exe" : "";
const bunArch = arch === "arm64" ? "aarch64" : arch;
const bunPlatform = platform === "win32" ? "windows" : platform;

// Straight to the binaries: their packages' own launchers count on install
// scripts, which are not run.
const bun = `@oven/bun-${bunPlatform}-${bunArch}`;
const places = {
  deno: [
    `@deno/${platform}-${arch}-glibc/deno`,
    `@deno/${platform}-${arch}/deno${suffix}`,
  ],
  bun: [
    `${bun}/bin/bun${suffix}`,
    `${bun}-musl/bin/bun`,
    // For processors without AVX2.
    `${bun}-baseline/bin/bun${suffix}`,
  ],
  node20: [],
  node22: [`n22/bin/node${suffix}`],
  node24: [`n24/bin/node${suffix}`],
  node26: [`n26/bin/node${suffix}`],
};

/** The ids of all engines, whether they are installed or not. */
export const engineIds = [...new Set([...Object.keys(places), ownNode])]
  .filter((id) => id === ownNode || places[id].length > 0);

function versionOf(binary) {
  if (binary.includes("/") && !existsSync(binary)) return undefined;
  const { status, stdout } = spawnSync(binary, ["--version"], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return status === 0 ? /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] : undefined;
}

function find(id) {
  if (id === ownNode) return own;
  const kind = id.startsWith("node") ? "node" : id;
  const folder = `_tools/engines/${id}`;
  install(folder, id);
  const binaries = places[id].map((place) =>
    `${root}${folder}/node_modules/${place}`
  );
  // What is installed elsewhere will do, where npm has none for this platform.
  for (const binary of kind === "node" ? binaries : [...binaries, kind]) {
    const version = versionOf(binary);
    if (version) return { id, kind, binary, version };
  }
  return { id, kind, binary: undefined, version: undefined };
}

/**
 * The engines of these ids, or all; installs what is missing. `binary` is
 * undefined where there is none for this platform.
 */
export function findEngines(ids = engineIds) {
  return ids.map(find);
}

/** Deno; ends the process where there is none. */
export function findDeno() {
  const { binary } = find("deno");
  if (binary) return binary;
  console.error("Deno is not installed on this platform, and is needed here.");
  process.exit(1);
}

/** The environment in which tests run. */
export function environment(extra = {}) {
  return {
    ...process.env,
    NO_COLOR: "1",
    FORCE_COLOR: undefined,
    DENO_NO_UPDATE_CHECK: "1",
    NODE_OPTIONS: undefined,
    ...extra,
  };
}

/** The values after the binary that run one file. */
export function fileCommand(kind, file, values = []) {
  switch (kind) {
    case "deno":
      return [
        "run",
        "--allow-all",
        "--no-check",
        "--config=deno.offline.json",
        file,
        ...values,
      ];
    case "bun":
      return [file, ...values];
    default:
      return ["--import", "tsx", file, ...values];
  }
}

/** The values after the binary that run tests and write a JUnit report. */
export function testCommand(kind, files, report) {
  switch (kind) {
    case "deno":
      return [
        "test",
        "--allow-all",
        "--no-check",
        "--config=deno.offline.json",
        "--sanitize-ops",
        "--sanitize-resources",
        `--junit-path=${report}`,
        ...files,
      ];
    case "bun":
      return [
        "test",
        "--isolate",
        "--timeout=60000",
        "--reporter=junit",
        `--reporter-outfile=${report}`,
        ...files.map((file) => `./${file}`),
      ];
    default:
      return [
        "--import",
        "tsx",
        "--test-reporter=junit",
        `--test-reporter-destination=${report}`,
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        "_tools/node_suite.mjs",
        ...files,
      ];
  }
}

/**
 * The values after Deno's binary that run the examples in documentation. What they
 * leave is not looked at: `main` listens to signals for a moment after its end.
 */
export function documentationCommand(files, report) {
  return [
    "test",
    "--doc",
    "--allow-all",
    "--config=deno.offline.json",
    `--junit-path=${report}`,
    ...files,
  ];
}
