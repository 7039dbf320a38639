// Which engines there are, where they are, and how each is told to run.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The id of the Node that runs this. */
export const ownNode = `node${process.versions.node.split(".")[0]}`;

const { platform, arch } = process;
const suffix = platform === "win32" ? ".exe" : "";
const packages = `${root}node_modules`;
const bunArch = arch === "arm64" ? "aarch64" : arch;
const bunPlatform = platform === "win32" ? "windows" : platform;

// Straight to the binaries: their packages' own launchers count on install
// scripts, which are not run.
const places = {
  deno: [
    `${packages}/@deno/${platform}-${arch}-glibc/deno`,
    `${packages}/@deno/${platform}-${arch}/deno${suffix}`,
    "deno",
  ],
  bun: [
    `${packages}/@oven/bun-${bunPlatform}-${bunArch}/bin/bun${suffix}`,
    `${packages}/@oven/bun-${bunPlatform}-${bunArch}-musl/bin/bun`,
    // For processors without AVX2.
    `${packages}/@oven/bun-${bunPlatform}-${bunArch}-baseline/bin/bun${suffix}`,
    "bun",
  ],
  node22: [`${packages}/n22/bin/node${suffix}`],
  node24: [`${packages}/n24/bin/node${suffix}`],
  node26: [`${packages}/n26/bin/node${suffix}`],
};

function versionOf(binary) {
  if (binary.includes("/") && !existsSync(binary)) return undefined;
  const { status, stdout } = spawnSync(binary, ["--version"], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return status === 0 ? /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] : undefined;
}

function find(id, kind, candidates) {
  for (const binary of candidates) {
    const version = versionOf(binary);
    if (version) return { id, kind, binary, version };
  }
  return { id, kind, binary: undefined, version: undefined };
}

/** Every engine by its id; `binary` is undefined where it is not installed. */
export function findEngines() {
  const engines = [
    find("deno", "deno", places.deno),
    find("bun", "bun", places.bun),
    ...["node20", "node22", "node24", "node26"]
      .filter((id) => id !== ownNode && places[id])
      .map((id) => find(id, "node", places[id])),
    {
      id: ownNode,
      kind: "node",
      binary: process.execPath,
      version: process.versions.node,
    },
  ];
  const order = (id) => ["deno", "bun"].indexOf(id) + 1 || Number(id.slice(4));
  return engines.sort((a, b) => order(a.id) - order(b.id));
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

/** The values after Deno's binary that run the examples in documentation. */
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
