/** Waits for what a function of the user's gives, for ten seconds at most. */

import type { Thrown } from "../_internal/run.ts";
import { Timer } from "../_internal/timer.ts";

const MOST = 10_000;

export class Patience extends Timer {
  #asked: object | undefined;

  /** Has `settle` called once, never within the call; never where it is cut off. */
  ask(
    what: string,
    work: () => unknown,
    settle: (answer: unknown, thrown?: Thrown) => void,
  ): void {
    const asked = this.#asked = {};
    const once = (answer: unknown, thrown?: Thrown) => {
      if (this.#asked !== asked) return;
      this.cutOff();
      settle(answer, thrown);
    };
    const why = `Cannot ${what}: it did not settle within ${MOST} ms`;
    this.arm(MOST, () => {
      once(undefined, { error: new DOMException(why, "TimeoutError") });
    });
    void (async () => {
      try {
        once(await work());
      } catch (error) {
        once(undefined, { error });
      }
    })();
  }

  /** Whatever it gives is not waited for any more. */
  cutOff(): void {
    this.#asked = undefined;
    this.disarm();
  }
}
