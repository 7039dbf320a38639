// An HTTP service that is reloaded ten times under load, without one failed
// request: its front keeps the port, the part behind it is swapped.
//
// Two listeners on one port would not do: closing one of them resets the
// connections that the system has accepted and the program has not.

import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { StartStop, untilAborted } from "../mod.ts";
import { Reloadable } from "../reload/mod.ts";
import { main } from "../shutdown/mod.ts";

const CLIENTS = 16;
const RELOADS = 10;

let greeting = "Hello";

/** What is swapped: all that depends on the configuration. */
class Part extends StartStop {
  readonly #inFlight = new Set<Promise<void>>();
  readonly #generation: number;

  constructor(generation: number) {
    super(
      async (signal, { ready }) => {
        if (greeting === "") throw new Error("the greeting is missing");
        await delay(20, undefined, { signal }); // Connections to open, say.
        ready();
        await untilAborted(signal);
        // The front asks it no more; what it was asked it answers.
        await Promise.all(this.#inFlight);
      },
      undefined,
      { awaitReady: true, printErrors: false, stopTimeout: 10_000 },
    );
    this.#generation = generation;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const text = greeting;
    const work = (async () => {
      await delay(Math.random() * 20);
      response.setHeader("x-generation", this.#generation);
      response.end(`${text}, ${request.url}\n`);
      await once(response, "close");
    })();
    this.#inFlight.add(work);
    void work.finally(() => this.#inFlight.delete(work));
  }
}

const app = new Reloadable((generation) => new Part(generation), {
  name: "app",
  printErrors: false,
});

/** What stays: the port, and the connections to it. */
const server = createServer((request, response) => {
  app.current!.handle(request, response);
});

const answered = new Map<string, number>();
const failures: string[] = [];

async function ask(url: string, signal: AbortSignal): Promise<void> {
  for (let count = 0; !signal.aborted; count++) {
    try {
      const response = await fetch(`${url}/${count}`);
      const text = await response.text();
      if (!response.ok || !text.endsWith(`, /${count}\n`)) {
        throw new Error(`${response.status} ${text}`);
      }
      const generation = response.headers.get("x-generation")!;
      answered.set(generation, (answered.get(generation) ?? 0) + 1);
    } catch (error) {
      failures.push(String(error));
    }
  }
}

const program = new StartStop(
  async (signal) => {
    await app.start();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const load = new AbortController();
    const clients = Array.from(
      { length: CLIENTS },
      () => ask(url, load.signal),
    );

    for (let count = 1; count <= RELOADS && !signal.aborted; count++) {
      await delay(100);
      greeting = `Hello for the ${count + 1}. time`;
      await app.reload();
    }
    await delay(100);
    greeting = "";
    await app.reload().catch(({ message }) => {
      console.log(`refused: ${message}; generation ${app.generation} goes on`);
    });
    await delay(100);

    load.abort();
    await Promise.all(clients);
    server.close();
    server.closeAllConnections();
    await app.stop();

    const counts = [...answered.values()];
    const total = counts.reduce((sum, each) => sum + each, 0);
    for (const [generation, count] of answered) {
      console.log(`generation ${generation} answered ${count} requests`);
    }
    console.log(
      `${total} answered by ${counts.length} generations, ${failures.length} failed`,
    );
    if (failures.length > 0) throw new Error(failures[0]);
  },
  undefined,
  { name: "program" },
);

await main(program);

// Prints:
//
// refused: the greeting is missing; generation 11 goes on
// generation 1 answered N requests
// generation 2 answered N requests
// generation 3 answered N requests
// generation 4 answered N requests
// generation 5 answered N requests
// generation 6 answered N requests
// generation 7 answered N requests
// generation 8 answered N requests
// generation 9 answered N requests
// generation 10 answered N requests
// generation 11 answered N requests
// N answered by 11 generations, 0 failed
