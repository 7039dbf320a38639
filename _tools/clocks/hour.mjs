// An hour of a ticker that ticks every second, whatever the clock.

import { Ticker } from "@golib/runner";

export const HOUR = 3_600_000;

/** Work that takes a while of the clock. */
export const wait = () => new Promise((go) => void setTimeout(go, 100));

/** Has `pass` make an hour pass, and tells how often a ticker ticked meanwhile. */
export async function hour(pass, work) {
  let ticks = 0;
  const ticker = new Ticker(1_000, () => {
    ticks++;
    return work?.();
  });
  await ticker.start();
  await pass();
  const stopping = ticker.stop({ timeout: Infinity });
  return { ticks, said: `${ticks} ${work ? "async" : "sync"} ticks`, stopping };
}
