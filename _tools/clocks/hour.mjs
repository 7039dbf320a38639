// An hour of a ticker that ticks every second, whatever the clock.

import { Ticker } from "@golib/runner";

export const HOUR = 3_600_000;

/** Work that takes a while of the clock. */
export const wait = () => new Promise((go) => void setTimeout(go, 100));

/** Whether a time limit of the platform's is reached when `pass` makes an hour pass. */
export async function isLimitFaked(pass) {
  const signal = AbortSignal.timeout(HOUR / 2);
  await pass();
  return signal.aborted;
}

/** Has `pass` make an hour pass, and tells how often a ticker ticked meanwhile. */
export async function hour(pass, work) {
  let ticks = 0;
  let missed = 0;
  const ticker = new Ticker(1_000, (_signal, control) => {
    ticks++;
    missed += control.missed;
    return work?.();
  });
  await ticker.start();
  await pass();
  const stopping = ticker.stop({ timeout: Infinity });
  const said = `${ticks} ${work ? "async" : "sync"} ticks`;
  return { ticks, missed, said, stopping };
}
