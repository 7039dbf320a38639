// A consumer of a log in partitions, such as Kafka's, over an async iterator: it
// takes messages in batches, commits what it has done, and finishes the batch in
// hand when it is asked to stop. A ticker looks at its lag, and readiness fails until
// that is low.
//
// The broker here is a toy; a client's `consumer.stream()` or `eachBatch` takes
// its place.

import { StartStop, Ticker, untilAborted } from "../mod.ts";
import { httpServer } from "../http/mod.ts";
import { Resource } from "../resource/mod.ts";
import { main } from "../shutdown/mod.ts";
import { Supervisor } from "../supervisor/mod.ts";

interface Message {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A log in partitions, and how far each was done. */
class Broker {
  readonly partitions: string[][] = [[], [], []];
  readonly committed = [0, 0, 0];
  #written = 0;

  append(value: string): void {
    this.partitions[this.#written++ % 3]!.push(value);
  }

  /** How many messages have yet to be done. */
  get lag(): number {
    return this.partitions.reduce(
      (sum, log, index) => sum + log.length - this.committed[index]!,
      0,
    );
  }
}

/** A member of a group: it reads on from what was committed. */
class Consumer {
  readonly #broker: Broker;
  readonly #read: number[];

  constructor(broker: Broker) {
    this.#broker = broker;
    this.#read = [...broker.committed];
  }

  /** Batches, until the signal aborts; one that was given is to be finished. */
  async *batches(signal: AbortSignal): AsyncGenerator<Message[]> {
    for (let partition = 0; !signal.aborted; partition = (partition + 1) % 3) {
      const offset = this.#read[partition]!;
      const values = this.#broker.partitions[partition]!
        .slice(offset, offset + 5);
      this.#read[partition] = offset + values.length;
      if (values.length > 0) {
        yield values.map((value, index) => ({
          partition,
          offset: offset + index,
          value,
        }));
      } else await untilAborted(signal, wait(2)).catch(() => {});
    }
  }

  commit({ partition, offset }: Message): void {
    this.#broker.committed[partition] = offset + 1;
  }

  async leave(): Promise<void> {}
}

const broker = new Broker();
for (let index = 0; index < 30; index++) broker.append(`order ${index}`);
const done: string[] = [];
const stop = new AbortController();

const consumer = new Resource({
  name: "consumer",
  open: () => new Consumer(broker),
  close: (consumer) => consumer.leave(),
});

/** Holds as long as it consumes; what fails is tried again from the commit on. */
const orders = new StartStop(
  async (signal) => {
    const member = await consumer.use(signal);
    for await (const batch of member.batches(signal)) {
      for (const message of batch) {
        await wait(1);
        done.push(message.value);
      }
      member.commit(batch.at(-1)!);
    }
  },
  { name: "orders", stopTimeout: 10_000 },
);

let lag = Infinity;
const look = new Ticker(500, () => {
  lag = broker.lag;
}, { name: "lag" });

let isLeaving = false;
const isReady = () => lag < 10 && !isLeaving;
const probes = httpServer({
  name: "probes",
  hostname: "127.0.0.1",
  linger: 0,
  fetch: () => new Response(null, { status: isReady() ? 200 : 503 }),
});

const app = new Supervisor([
  { runner: consumer },
  { runner: orders, dependsOn: ["consumer"], restart: "permanent" },
  { runner: look, dependsOn: [] },
  { runner: probes, dependsOn: [] },
], { name: "shop" });

/** Asks for readiness, and gives the status. */
async function ask(): Promise<number> {
  const response = await fetch(probes.url);
  await response.body?.cancel();
  return response.status;
}

async function visit(): Promise<void> {
  console.log(`readiness at first: ${await ask()}`);
  while (await ask() !== 200) await wait(5);
  console.log("readiness, once the lag is low: 200");
  for (let index = 30; index < 60; index++) broker.append(`order ${index}`);
  await wait(20);
  // As by SIGTERM, in the middle of a batch.
  stop.abort();
}

const code = await main(app, {
  signal: stop.signal,
  notReady: () => isLeaving = true,
  onReady: visit,
});
const committed = broker.committed.reduce((sum, each) => sum + each);
console.log(
  `exit code ${code}; done and not committed: ${
    done.length - committed
  }, done twice: ${done.length - new Set(done).size}`,
);

// Prints:
//
// readiness at first: 503
// readiness, once the lag is low: 200
// exit code 0; done and not committed: 0, done twice: 0
