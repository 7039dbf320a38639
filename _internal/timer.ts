/** One timer of the engine, or of the fake clock that stands in for it. */

/** Times closer than this are one moment, in ms: sums of floats differ by less. */
export const EPSILON = 0.001;

// One more and a bare `setTimeout` fires at once.
export const LONGEST = 2 ** 31 - 1;

// The last answer: to look at a name costs more than all the rest of a timer.
let asked: unknown;
let answer = false;

function isLeaky(set: typeof setTimeout): boolean {
  if (set !== asked) {
    asked = set;
    answer = /^(fakeSetTimeout$|bound )/.test(set.name);
  }
  return answer;
}

/**
 * A timer that is armed over and over. It keeps the functions that were in force
 * when it was made: a fake clock may go away and another come, and what one has
 * armed is never cleared by another.
 */
export class Timer {
  readonly set = globalThis.setTimeout;
  readonly #clear = globalThis.clearTimeout;
  // Some fake clocks have one set of functions for all their instances, as those
  // of @std/testing and node:test: to clear a timer that an earlier instance left
  // over would clear somebody else's in the next. So there a timer that is no
  // longer wanted is left to run out, and does nothing then. Others are cleared:
  // what wraps the engine's own, as tools that trace a program do, must not keep
  // the process alive.
  readonly isLeaky = isLeaky(this.set);
  /** While it waits, with what the engine knows it by. */
  armed: { id: unknown } | undefined;

  /**
   * Waits so many milliseconds, which it returns as whole ones; `Infinity` never
   * pass.
   */
  arm(ms: number, passed: () => void): number {
    // Called as plain functions: browsers refuse another `this`.
    const { set } = this;
    const wait = Math.max(Math.ceil(ms - EPSILON), 0);
    const part = Math.min(wait, LONGEST);
    this.disarm();
    if (wait < Infinity) {
      const armed = this.armed = {
        id: set(() => {
          if (this.armed !== armed) return;
          this.armed = undefined;
          if (part < wait) this.arm(wait - part, passed);
          else passed();
        }, part) as unknown,
      };
    }
    return wait;
  }

  disarm(): void {
    const armed = this.armed;
    const clear = this.#clear;
    this.armed = undefined;
    if (armed && !this.isLeaky) {
      try {
        clear(armed.id as number);
      } catch {
        // A fake clock that is gone may refuse; its timers are gone with it.
      }
    }
  }
}
