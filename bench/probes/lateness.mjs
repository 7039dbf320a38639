// When ticks come, against the grid on which they are due.

import { contenders } from "../contenders.mjs";
import { sleep } from "../measure.mjs";

export async function probe({ contender, ms, count, beginAt }) {
  const { start, stop } = await contenders[contender]();
  // Compiled before it counts.
  const warm = start(ms, () => {});
  await sleep(20 * ms);
  await stop(warm);
  await sleep(Math.max(0, beginAt - Date.now()));

  const moments = [];
  let point = 0;
  let missed = 0;
  let ended;
  const end = new Promise((resolve) => ended = resolve);
  const origin = performance.now();
  const handle = start(ms, (missedNow) => {
    const now = performance.now();
    point += 1 + missedNow;
    missed += missedNow;
    if (point <= count) moments.push([point, now - origin - point * ms]);
    if (point >= count) ended();
  });
  await end;
  await stop(handle);
  const ticks = moments.length;
  return { contender, ms, count, ticks, missed, moments };
}
