// A server for the measurement of what `httpServer` costs: `_bare.mjs KIND`, where
// KIND is "bare" or "ours". It writes "listening PORT".

import { createServer } from "node:http";
import process from "node:process";
import { httpServer } from "../../http/mod.ts";

const [kind, form] = process.argv.slice(2);
const hostname = "127.0.0.1";
const fetch = () => new Response("hello");
const listener = (_request, response) => response.end("hello");
const said = (port) => console.log(`listening ${port}`);
const { Bun, Deno } = globalThis;

if (kind === "ours") {
  const server = httpServer({
    hostname,
    ...(form === "fetch"
      ? { fetch }
      : { server: () => createServer(listener) }),
  });
  await server.start();
  said(server.url.port);
} else if (form === "fetch" && Deno) {
  Deno.serve({ port: 0, hostname, onListen: ({ port }) => said(port) }, fetch);
} else if (form === "fetch" && Bun) {
  said(Bun.serve({ port: 0, hostname, fetch }).port);
} else {
  const server = createServer(listener);
  server.listen(0, hostname, () => said(server.address().port));
}
