// A worker that takes messages from a queue, any async iterator, and finishes the
// one it is at before it ends.

import { setTimeout as delay } from "node:timers/promises";
import { StartStop } from "../mod.ts";

/** Stands for a message broker: the wait for a message ends with the signal. */
async function* messages(signal: AbortSignal): AsyncGenerator<number> {
  for (let number = 1;; number++) {
    await delay(50, undefined, { signal });
    yield number;
  }
}

let begun = 0;
const worker = new StartStop(
  async (signal, { force }) => {
    for await (const message of messages(signal)) {
      console.log(`message ${message} begun`);
      begun = message;
      // Not `signal`: the work goes on to its end, unless the grace has passed.
      await delay(100, undefined, { signal: force });
      console.log(`message ${message} done`);
      if (signal.aborted) break;
    }
  },
  undefined,
  { name: "worker", stopTimeout: 5_000 },
);

await worker.start();
while (begun < 3) await delay(5);
console.log("stop");
await worker.stop();
console.log(`${worker.state}, ${worker.errorsTotal()} errors`);

// Prints:
//
// message 1 begun
// message 1 done
// message 2 begun
// message 2 done
// message 3 begun
// stop
// message 3 done
// stopped, 0 errors
