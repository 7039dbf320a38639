// How many ticks of a very short interval there are.

import { contenders } from "../contenders.mjs";
import { sleep, stopwatch } from "../measure.mjs";

export async function probe({ contender, ms, length, beginAt }) {
  const { start, stop } = await contenders[contender]();
  const warm = start(ms, () => {});
  await sleep(200);
  await stop(warm);
  await sleep(Math.max(0, beginAt - Date.now()));

  let ticks = 0;
  let missed = 0;
  let last = performance.now();
  const origin = last;
  const end = stopwatch();
  const handle = start(ms, (missedNow) => {
    ticks++;
    missed += missedNow;
    last = performance.now();
  });
  await sleep(length);
  const { cpu } = end();
  // What was missed since the last tick would be told with the next.
  const result = { ticks, missed, points: Math.floor((last - origin) / ms) };
  await stop(handle);
  return { contender, ms, cpu, ...result };
}
