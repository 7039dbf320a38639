// Many of one contender at work: the processor's time for each tick, and memory.

import { contenders } from "../contenders.mjs";
import { collect, memory, sleep, stopwatch } from "../measure.mjs";

export async function probe(settings) {
  const { contender, count, low, high, settle, window, windows } = settings;
  const { start, startPlain = start, stop } = await contenders[contender]();
  let ticks = 0;
  const body = () => {
    ticks++;
  };
  // What is compiled and cached on the way belongs to no one of the many.
  await stop(startPlain(low, body));
  await collect();
  const before = memory();
  const held = [];
  const begun = stopwatch();
  for (let i = 0; i < count; i++) {
    // Spread over the range by a prime, so that neighbours differ.
    held.push(startPlain(low + i * 7_919 % (high - low + 1), body));
  }
  const started = begun();
  await sleep(settle);
  const first = ticks;
  await collect();
  const after = memory();
  await sleep(500);
  const measured = [];
  for (let i = 0; i < windows; i++) {
    ticks = 0;
    const end = stopwatch();
    await sleep(window);
    measured.push({ ...end(), ticks });
  }
  // A long stop of hundreds of thousands is another row's.
  if (count <= 20_000) {
    await Promise.all(held.map(stop));
    ticks = 0;
    await sleep(Math.min(2 * low, 1_200));
  } else ticks = 0;
  return {
    ...settings,
    measured,
    first,
    ticksAfterStop: ticks,
    bytes: (after.heap - before.heap) / count,
    rss: (after.rss - before.rss) / count,
    startMicroseconds: started.cpu / count,
  };
}
