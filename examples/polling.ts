// Polls an endpoint with a time limit for each request. A request that hangs is a
// recorded error; one that the stop cuts off is none.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Ticker } from "../mod.ts";

// The second request gets no answer, and neither does the fourth.
let requests = 0;
const server = createServer((_request, response) => {
  if (++requests % 2 === 1) response.end(`answer ${requests}`);
});
await once(server.listen(0, "127.0.0.1"), "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const poll = new Ticker(600, async (signal) => {
  const response = await fetch(url, { signal });
  console.log(await response.text());
}, {
  name: "poll",
  tickTimeout: 500,
  printErrors: false,
  observer(event) {
    if (event.type === "error") console.log(event.error.name);
  },
});

await poll.start();
while (requests < 4) await delay(5);
await poll.stop();
console.log(`${poll.state}, ${poll.errorsTotal()} error`);
server.closeAllConnections();
server.close();

// Prints:
//
// answer 1
// TimeoutError
// answer 3
// stopped, 1 error
