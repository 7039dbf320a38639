// The service of `overload_http.mjs` behind HTTP: `http_server.mjs BUNDLE KIND`.
// Prints its port; a line on standard input ends it.

import { createServer } from "node:http";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { service } from "./_service.mjs";

const { Gate, GateError } = await import(pathToFileURL(process.argv[2]).href);
const places = 20;
const it = service(places, 40);
const options = { maxWait: 500, maxWaiting: 500, aging: 20_000 };
const reserve = { 10: 2 };
const gate = {
  none: undefined,
  fixed: new Gate({ ...options, reserve, concurrency: places + 2 }),
  adaptive: new Gate({ ...options, reserve, adaptive: { min: 5, max: 200 } }),
}[process.argv[3]];

const server = createServer(async (request, response) => {
  const priority = Number(request.headers["x-priority"] ?? 0);
  try {
    await (gate ? gate.run(() => it.work(), { priority }) : it.work());
    response.end("ok");
  } catch (error) {
    response.statusCode = error instanceof GateError ? 503 : 500;
    response.end(error.why);
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("data", () => process.exit(0));
