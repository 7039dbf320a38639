/**
 * What a supervisor costs beyond its children, and how late its restarts are.
 *
 * Each number of children is started and stopped side by side, once by hand and
 * once by a supervisor; the difference is the supervisor's. Of several rounds the
 * quietest counts: all that disturbs only adds.
 */

import { StartStop, untilAborted } from "@golib/runner";
import { Supervisor } from "@golib/runner/supervisor";
import process from "node:process";
import { engine } from "./_measure.ts";

const ROUNDS = 15;

function children(count: number): StartStop[] {
  return Array.from(
    { length: count },
    (_each, index) =>
      new StartStop((signal) => untilAborted(signal), undefined, {
        name: `${index}`,
      }),
  );
}

/** Milliseconds of the processor so far, which other programs disturb less. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds to start all, to stop all, and those of the processor. */
async function cycle(
  start: () => Promise<unknown>,
  stop: () => Promise<unknown>,
): Promise<number[]> {
  const found: number[] = [];
  for (const step of [start, stop]) {
    const [wall, processor] = [performance.now(), spent()];
    await step();
    found.push(performance.now() - wall, spent() - processor);
  }
  return found;
}

async function cost(count: number): Promise<number[]> {
  const least = { own: Array(4).fill(Infinity), all: Array(4).fill(Infinity) };
  for (let round = 0; round < ROUNDS; round++) {
    const alone = children(count);
    const own = await cycle(
      () => Promise.all(alone.map((each) => each.start())),
      () => Promise.all(alone.map((each) => each.stop())),
    );
    const app = new Supervisor(children(count).map((runner) => ({ runner })), {
      stopTimeout: 60_000,
    });
    const all = await cycle(() => app.start(), () => app.stop());
    for (const index of own.keys()) {
      least.own[index] = Math.min(least.own[index], own[index]!);
      least.all[index] = Math.min(least.all[index], all[index]!);
    }
  }
  return least.all.map((ms, index) => (ms - least.own[index]) / count * 1_000);
}

/** Milliseconds from the end of each backoff to the start of the child. */
async function lateness(restarts: number): Promise<number[]> {
  const found: number[] = [];
  let due = 0;
  const { promise: over, resolve } = waiter();
  const runner = new StartStop(
    () => {
      if (due > 0) found.push(performance.now() - due);
      if (found.length === restarts) resolve();
      throw new Error("lost");
    },
    undefined,
    { printErrors: false },
  );
  const app = new Supervisor([{ runner }], {
    printErrors: false,
    backoff: { initial: 10, factor: 1 },
    intensity: { restarts: Infinity },
  });
  app.observe((event) => {
    if (event.type !== "restart") return;
    const { nextAttempt = 0 } = app.status().children[0]!;
    due = performance.now() + nextAttempt;
  });
  await app.start();
  await over;
  await app.stop();
  return found.sort((a, b) => a - b);
}

function waiter(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => resolve = settle);
  return { promise, resolve };
}

console.log(`${engine()}, the least of ${ROUNDS} rounds`);
console.log("µs a child:  start  (processor)   stop  (processor)");
for (const count of [10_000, 1_000, 5_000, 10_000, 20_000]) {
  const cells = (await cost(count)).map((each) => each.toFixed(2).padStart(11));
  console.log(`${count}`.padStart(7), ...cells);
}
const late = await lateness(200);
const at = (part: number) =>
  late[Math.floor((late.length - 1) * part)]!.toFixed(2);
console.log(
  `200 restarts, ms after the end of the backoff: median ${
    at(0.5)
  }, 9 of 10 within ${at(0.9)}, all within ${at(1)}`,
);
