// Requests over loopback to a server that is stopped and restarted all the while:
//
//   npm run test:load              20 000 requests
//   npm run test:load -- --smoke   2 000
//
// Every request that the handler saw has to be answered in full and once. A client
// tries again only where its request was not seen. It fails where one is lost,
// answered twice or cut short, and where stopping took longer than it may.

import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import process from "node:process";
import { type StartControl, StartStop, untilAborted } from "../mod.ts";
import { engine } from "./_measure.ts";

const CLIENTS = 50;
const BODY = "x".repeat(20_000);

const total = process.argv.includes("--smoke") ? 2_000 : 20_000;
const seen = new Map<number, number>();
const counts = { answered: 0, retried: 0, lost: 0, twice: 0, restarts: 0 };
let port = 0;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const id = Number(request.headers["x-id"]);
  seen.set(id, (seen.get(id) ?? 0) + 1);
  setTimeout(() => response.end(`${id} ${BODY}`), id % 7);
}

/** What is in flight when it ends is answered. */
async function serve(
  signal: AbortSignal,
  { ready }: StartControl,
): Promise<void> {
  const server = createServer();
  const connections = new Map<Socket, Set<ServerResponse>>();
  server.on("connection", (socket) => {
    if (signal.aborted) socket.destroy();
    connections.set(socket, new Set());
    socket.on("close", () => connections.delete(socket));
  });
  server.on("request", (request, response) => {
    const inFlight = connections.get(request.socket);
    inFlight?.add(response);
    response.on("close", () => {
      inFlight?.delete(response);
      if (signal.aborted && inFlight?.size === 0) request.socket.destroySoon();
    });
    answer(request, response);
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  port = (server.address() as AddressInfo).port;
  ready();
  await untilAborted(signal);

  for (const [socket, inFlight] of connections) {
    const last = [...inFlight].at(-1);
    if (!last) socket.destroy();
    else if (!last.headersSent) last.setHeader("connection", "close");
  }
  // A server that closes cuts off what is written and not yet sent.
  const unsent = () =>
    [...connections.values()].flatMap((inFlight) => [...inFlight])
      .find((response) => response.writableEnded);
  for (let response = unsent(); response; response = unsent()) {
    await once(response, "close");
  }
  await once(server.close(), "close");
}

const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });

function ask(id: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "x-id": String(id) };
    const options = { host: "127.0.0.1", port, agent, headers };
    const asked = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => text += part);
      response.on("end", () => resolve(text));
      response.on("error", reject);
      response.on("aborted", () => reject(new Error("cut off")));
    });
    asked.on("error", reject);
    asked.end();
  });
}

let next = 0;

async function client(): Promise<void> {
  while (next < total) {
    const id = next++;
    for (;;) {
      try {
        const text = await ask(id);
        if (text === `${id} ${BODY}`) counts.answered++;
        else counts.lost++;
        break;
      } catch {
        if (seen.has(id)) {
          counts.lost++;
          break;
        }
        counts.retried++;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
  }
}

const service = new StartStop(serve, undefined, {
  name: "server",
  awaitReady: true,
  stopTimeout: 5_000,
});
await service.start();
let isOver = false;
const restarting = (async () => {
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    if (counts.restarts++ % 2 === 0) await service.restart();
    else {
      await service.stop();
      await service.start();
    }
  }
})();
await Promise.all(Array.from({ length: CLIENTS }, client));
isOver = true;
await restarting;
await service.stop();
agent.destroy();

for (const times of seen.values()) if (times > 1) counts.twice++;
console.log(
  `${engine()}: ${total} requests, ${counts.answered} answered, ` +
    `${counts.lost} lost, ${counts.twice} handled twice, ` +
    `${counts.retried} tried again unseen, ${counts.restarts} restarts, ` +
    `${service.errorsTotal()} errors`,
);
const isWell = counts.answered === total && counts.lost === 0 &&
  counts.twice === 0 && service.errorsTotal() === 0;
process.exitCode = isWell ? 0 : 1;
