#!/usr/bin/env bash
# Guess, before trying: a web worker on Bun that ends of something nobody has caught
# tells the program an exit code other than 0 in its `close` event, be it a throw in a
# timer or a promise that rejects, as both end a process of Bun with code 1.
#
# Seen: the throw gives the `error` event and `close` with code 1; the rejection gives
# the `error` event too, and then `close` with code 0, the code of a clean end. Who goes
# by the code alone takes a worker that has failed for one that is done.
#
# Exits with 1 if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @oven/bun-linux-x64@1.4.5
cat >worker.mjs <<'EOT'
globalThis.onmessage = ({ data }) => {
  const error = new Error("nobody catches this");
  if (data === "throw") setTimeout(() => { throw error; });
  else void Promise.reject(error);
};
EOT
cat >program.mjs <<'EOT'
const worker = new Worker(new URL("./worker.mjs", import.meta.url));
const seen = [];
worker.addEventListener("error", () => seen.push("error"));
worker.addEventListener("close", ({ code }) => {
  console.log([...seen, `close ${code}`].join(", "));
  process.exit(0);
});
worker.postMessage(process.argv[2]);
EOT
bun=node_modules/@oven/bun-linux-x64/bin/bun
echo "Bun $("$bun" --version)"
thrown=$("$bun" program.mjs throw)
rejected=$("$bun" program.mjs reject)
echo "a throw: $thrown"
echo "a rejection: $rejected"
[ "$thrown" = "error, close 1" ] && [ "$rejected" = "error, close 0" ]
