// Two services of which one needs the other: started in that order, stopped in
// reverse, and stopped together where the first fails.

import { setTimeout as delay } from "node:timers/promises";
import { StartStop, untilAborted } from "../mod.ts";

const database = new StartStop(
  async (signal, { ready }) => {
    await delay(50, undefined, { signal });
    console.log("database: open");
    ready();
    await untilAborted(signal);
    await delay(20);
    console.log("database: closed");
  },
  undefined,
  { name: "database", awaitReady: true },
);

const api = new StartStop(
  async (signal) => {
    console.log(`api: begun, the database is ${database.state}`);
    await untilAborted(signal);
    await delay(20); // The last requests still need the database.
    console.log(`api: ended, the database is ${database.state}`);
  },
  undefined,
  { name: "api" },
);

// Only the api hangs on the signal: the database is to outlive it.
const life = new AbortController();
await database.start();
await api.start({ signal: life.signal });
// Should the database end first, then so does the api.
database.observe((event) => {
  if (event.type === "state" && event.to !== "running") life.abort();
});

await delay(50);
life.abort();
await api.finished();
await database.stop();
console.log(`${database.state}, ${api.state}`);

// Prints:
//
// database: open
// api: begun, the database is running
// api: ended, the database is running
// database: closed
// stopped, stopped
