// A service that can do so much at once, and becomes slower beyond: what a
// database or a processor does. All on real time.

/** Work takes `ms`, shared among all that run beyond `places`. */
export function service(places, ms) {
  let running = 0;
  let most = 0;
  return {
    capacity: places * 1_000 / ms,
    get most() {
      return most;
    },
    async work() {
      running++;
      most = Math.max(most, running);
      // What is left after each step shares the service with what runs then.
      for (let left = 1; left > 0.001;) {
        const speed = Math.min(1, places / running);
        const step = Math.min(left, 0.5);
        const began = performance.now();
        await new Promise((resolve) => setTimeout(resolve, step * ms / speed));
        left -= Math.max(step * 0.9, (performance.now() - began) * speed / ms);
      }
      running--;
    },
  };
}

/** Calls a function so many times a second, in bursts of a few milliseconds. */
export async function arrivals(perSecond, seconds, call) {
  const began = performance.now();
  const total = perSecond * seconds;
  let done = 0;
  while (done < total) {
    const due = Math.min(
      total,
      (performance.now() - began) * perSecond / 1_000,
    );
    while (done < due) call(done++);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export function quantile(list, share) {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
