#!/usr/bin/env bash
# Guess, before trying: `isMainThread` of node:worker_threads tells a worker from the
# program. So in a worker that the web's own `new Worker(url, { type: "module" })` has
# made I expect false, on Bun as on Deno, which both have that module.
#
# Seen: false on Bun; on Deno true, with a `parentPort` that is null, so that a module
# which asks only node:worker_threads takes itself for the program. The worker that
# `new Worker` of node:worker_threads makes says false on both. `WorkerGlobalScope`
# tells the truth on Deno, and is not there in Bun's program nor in Node's workers.
#
# Exits with 1 if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @deno/linux-x64-glibc@2.9.5 @oven/bun-linux-x64@1.4.5
cat >worker.mjs <<'EOT'
import { isMainThread, parentPort } from "node:worker_threads";
const answer = `isMainThread ${isMainThread}, parentPort ${
  parentPort ? "there" : "null"
}`;
globalThis.postMessage(answer);
EOT
cat >web.mjs <<'EOT'
const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
  type: "module",
});
worker.onmessage = ({ data }) => {
  console.log(data);
  worker.terminate();
};
EOT
deno=node_modules/@deno/linux-x64-glibc/deno
bun=node_modules/@oven/bun-linux-x64/bin/bun
"$deno" --version | head -1
seen_deno=$("$deno" run --allow-all --no-lock web.mjs)
echo "web worker on Deno: $seen_deno"
echo "Bun $("$bun" --version)"
seen_bun=$("$bun" web.mjs)
echo "web worker on Bun: $seen_bun"
[ "$seen_deno" = "isMainThread true, parentPort null" ] || exit 1
case "$seen_bun" in "isMainThread false"*) ;; *) exit 1 ;; esac
