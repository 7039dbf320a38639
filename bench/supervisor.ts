/**
 * What a supervisor costs beyond its children, and how late its restarts are.
 *
 * Each number of children is started and stopped side by side, once by hand and
 * once by a supervisor; the difference is the supervisor's. Of several rounds the
 * quietest counts: all that disturbs only adds.
 */

import { StartStop, untilAborted } from "@golib/runner";
import { Supervisor } from "@golib/runner/supervisor";
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

/** Milliseconds to start all, and to stop all. */
async function cycle(
  start: () => Promise<unknown>,
  stop: () => Promise<unknown>,
): Promise<[number, number]> {
  const begin = performance.now();
  await start();
  const between = performance.now();
  await stop();
  return [between - begin, performance.now() - between];
}

async function cost(count: number): Promise<[number, number]> {
  const least = { own: [Infinity, Infinity], all: [Infinity, Infinity] };
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
    for (const index of [0, 1] as const) {
      least.own[index] = Math.min(least.own[index]!, own[index]);
      least.all[index] = Math.min(least.all[index]!, all[index]);
    }
  }
  const each = (index: 0 | 1) =>
    (least.all[index]! - least.own[index]!) / count * 1_000;
  return [each(0), each(1)];
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
console.log("children  start µs each  stop µs each");
for (const count of [10_000, 1_000, 5_000, 10_000, 20_000]) {
  const [start, stop] = await cost(count);
  console.log(
    `${`${count}`.padStart(8)}  ${start.toFixed(2).padStart(13)}  ${
      stop.toFixed(2).padStart(12)
    }`,
  );
}
const late = await lateness(200);
const at = (part: number) =>
  late[Math.floor((late.length - 1) * part)]!.toFixed(2);
console.log(
  `200 restarts, ms after the end of the backoff: median ${
    at(0.5)
  }, 9 of 10 within ${at(0.9)}, all within ${at(1)}`,
);
