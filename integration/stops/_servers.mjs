// The servers that are stopped: `httpServer` for each of them, and plain ones with
// what the peers do.

import { createServer } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { createServer as createTls } from "node:https";
import { readFileSync } from "node:fs";
import process from "node:process";
import { Readable } from "node:stream";
import { httpServer } from "../../http/mod.ts";
import { main } from "../../shutdown/mod.ts";
import {
  events,
  handler,
  parts,
  plain,
  sleep,
  streamOf,
} from "./_handlers.mjs";

const { STOPS_CERT, STOPS_KEY } = process.env;
const tls = () => ({
  cert: readFileSync(STOPS_CERT, "utf8"),
  key: readFileSync(STOPS_KEY, "utf8"),
});

/** WebSockets on a server of Node's kind, that are closed as it drains. */
async function echo(server, draining) {
  const { WebSocketServer } = await import("ws");
  const all = new WebSocketServer({ server, path: "/ws" });
  all.on("connection", (socket) => {
    const close = () => socket.close(1001);
    if (draining.aborted) close();
    else draining.addEventListener("abort", close, { once: true });
  });
  return server;
}

async function express(draining) {
  const { default: make } = await import("express");
  const app = make();
  app.get("/slow", async (request, response) => {
    await sleep(Number(request.query["ms"]));
    response.send("own");
  });
  app.post("/upload", async (request, response) => {
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    response.send(`own ${bytes}`);
  });
  app.post("/early", (_, response) => void response.status(413).send("own"));
  app.get("/stream", (_, response) => {
    Readable.from(parts()).pipe(response);
  });
  app.get("/events", (_, response) => {
    Readable.from(events(draining)).pipe(response);
  });
  app.get("/", (_, response) => void response.send("own"));
  return app;
}

async function fastify(draining) {
  const { default: make } = await import("fastify");
  const app = make();
  app.addContentTypeParser("*", (_, payload, done) => done(null, payload));
  app.get("/", () => "own");
  app.get("/slow", async (request) => {
    await sleep(Number(request.query.ms));
    return "own";
  });
  app.post("/upload", async (request) => {
    let bytes = 0;
    for await (const chunk of request.body) {
      bytes += chunk.length;
    }
    return `own ${bytes}`;
  });
  app.post("/early", (_, reply) => reply.code(413).send("own"));
  app.get("/stream", (_, reply) => reply.send(Readable.from(parts())));
  app.get(
    "/events",
    (_, reply) => reply.send(Readable.from(events(draining))),
  );
  return app;
}

async function koa(draining) {
  const { default: Koa } = await import("koa");
  const app = new Koa();
  app.use(async (context) => {
    context.body = "own";
    if (context.path === "/slow") await sleep(Number(context.query["ms"]));
    if (context.path === "/early") context.status = 413;
    if (context.path === "/stream") context.body = Readable.from(parts());
    if (context.path === "/events") {
      context.body = Readable.from(events(draining));
    }
    if (context.path === "/upload") {
      let bytes = 0;
      for await (const chunk of context.req) bytes += chunk.length;
      context.body = `own ${bytes}`;
    }
  });
  return app;
}

async function hono(draining) {
  const { Hono } = await import("hono");
  const app = new Hono();
  app.get("/", (c) => c.text("own"));
  app.get("/slow", async (c) => {
    await sleep(Number(c.req.query("ms")));
    return c.text("own");
  });
  app.post(
    "/upload",
    async (c) => c.text(`own ${(await c.req.arrayBuffer()).byteLength}`),
  );
  app.post("/early", (c) => c.text("own", 413));
  app.get("/stream", (c) => c.body(streamOf(parts())));
  app.get("/events", (c) => c.body(streamOf(events(draining))));
  return app;
}

/** `fetch` with WebSockets, on the engines that have them there. */
function fetched() {
  const host = globalThis;
  const sockets = new Set();
  return {
    fetch(request, info) {
      if (new URL(request.url).pathname !== "/ws") {
        return handler(info.draining)(request);
      }
      if (host.Deno) {
        const { response, socket } = host.Deno.upgradeWebSocket(request);
        const close = () => {
          // Closed before it is open it would end without a word.
          if (socket.readyState === 0) socket.onopen = close;
          else socket.close(1001);
        };
        if (info.draining.aborted) close();
        else info.draining.addEventListener("abort", close);
        return response;
      }
      info.server.upgrade(request);
      return undefined;
    },
    websocket: {
      open: (socket) => void sockets.add(socket),
      close: (socket) => void sockets.delete(socket),
      message() {},
    },
    onDrain() {
      for (const socket of sockets) socket.close(1001);
    },
  };
}

/** Each server by its name. */
export const servers = {
  plain: () => ({
    server: ({ draining }) => echo(createServer(plain(draining)), draining),
  }),
  express: () => ({
    server: async ({ draining }) =>
      echo(createServer(await express(draining)), draining),
  }),
  fastify: () => ({ app: ({ draining }) => fastify(draining) }),
  koa: () => ({
    server: async ({ draining }) =>
      createServer((await koa(draining)).callback()),
  }),
  hono: () => ({
    async server({ draining }) {
      const app = await hono(draining);
      const { createAdaptorServer } = await import("@hono/node-server");
      return createAdaptorServer({ fetch: app.fetch });
    },
  }),
  fetch: fetched,
  tls: () => ({
    server: ({ draining }) => echo(createTls(tls(), plain(draining)), draining),
  }),
  http2: () => ({
    server: ({ draining }) => createHttp2(plain(draining)),
  }),
};

export function make(name, options) {
  return httpServer({
    hostname: "127.0.0.1",
    stopTimeout: 10_000,
    ...servers[name](),
    ...options,
  });
}

/** What the peers make of a plain server: each gives the way to end it. */
export const peers = {
  "server.close()"() {
    const server = listen();
    process.once("SIGTERM", () => server.close(() => process.exit()));
  },
  async stoppable() {
    const { default: stoppable } = await import("stoppable");
    const server = stoppable(listen(), 8_000);
    process.once("SIGTERM", () => server.stop(() => process.exit()));
  },
  async "http-terminator"() {
    const { createHttpTerminator } = await import("http-terminator");
    const terminator = createHttpTerminator({
      server: listen(),
      gracefulTerminationTimeout: 8_000,
    });
    process.once(
      "SIGTERM",
      () => void terminator.terminate().then(() => process.exit()),
    );
  },
  async terminus() {
    const { createTerminus } = await import("@godaddy/terminus");
    createTerminus(listen(), { signal: "SIGTERM", timeout: 8_000 });
  },
  async "close-with-grace"() {
    const { default: closeWithGrace } = await import("close-with-grace");
    const server = listen();
    closeWithGrace(
      { delay: 8_000 },
      () => new Promise((resolve) => server.close(() => resolve())),
    );
  },
  httpServer(linger) {
    const server = make("plain", {
      linger,
      observer(event) {
        if (event.type === "listening") {
          console.log(`listening ${event.url.port}`);
        }
      },
    });
    void main(server);
  },
};

function listen() {
  const draining = new AbortController();
  process.once("SIGTERM", () => draining.abort());
  const server = createServer(plain(draining.signal));
  server.listen(0, "127.0.0.1", () => {
    console.log(`listening ${(server.address()).port}`);
  });
  return server;
}
