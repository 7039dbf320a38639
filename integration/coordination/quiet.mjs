// Whether a watch outlives the limits of engines for quiet bodies, 302 s on Node
// and 361 s on Bun: `npm run test:coordination -- quiet` takes seven minutes, with
// --seconds=N as many.

import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { findEngines } from "../../_tools/engines.mjs";
import { Member } from "../../coordination/mod.ts";
import { etcdStore } from "../../coordination/etcd/mod.ts";
import * as servers from "./servers.mjs";

const option = process.argv.find((each) => each.startsWith("--seconds="));
const seconds = Number(option?.slice(10) ?? 400);
const base = servers.folder("quiet");
const program = join(base, "node.mjs");
await build({
  entryPoints: [fileURLToPath(new URL("quiet_node.mjs", import.meta.url))],
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2022",
  outfile: program,
});
const engines = findEngines([
  `node${process.versions.node.split(".")[0]}`,
  "deno",
  "bun",
]);
let passed = 0;
let failed = 0;
await Promise.all(engines.map(async ({ id, kind, binary, version }) => {
  // A server each, so that nothing else is heard.
  const { urls } = await servers.etcd();
  const holder = new Member(etcdStore({ endpoints: urls }), { ttl: 600_000 });
  await holder.start();
  // The key that the node waits for, taken as its own kind of lease.
  const session = await etcdStore({ endpoints: urls }).open(
    "holder",
    600_000,
    AbortSignal.timeout(5_000),
  );
  const key = "k/elected/quiet";
  const [{ fence }] = await session.take(
    [key],
    "x",
    AbortSignal.timeout(5_000),
  );
  const before = kind === "deno" ? ["run", "-A", "--quiet", "--no-config"] : [];
  const child = spawn(
    binary,
    [...before, program, JSON.stringify({ urls })],
    { cwd: base, stdio: ["pipe", "pipe", "inherit"] },
  );
  let said = "";
  child.stdout.on("data", (text) => said += text);
  await servers.until(`${id} waits`, () => said.includes("waits"));
  await servers.sleep(seconds * 1_000);
  const began = performance.now();
  await session.drop([{ key, fence }], AbortSignal.timeout(5_000));
  try {
    await servers.until(`${id} leads`, () => said.includes("leads"), 10_000);
    passed++;
    const ms = (performance.now() - began).toFixed(0);
    console.log(
      `${id} ${version}: led ${ms} ms after ${seconds} quiet seconds`,
    );
  } catch (error) {
    failed++;
    console.log(`FAILED  ${error.message}`);
  }
  child.kill();
  await holder.stop();
}));
await servers.stopAll();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
