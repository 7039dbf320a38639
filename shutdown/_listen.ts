/** Listens to the signals that a process is sent. */

import { numberOf, type Process, unrefTimeout } from "./_process.ts";

/** Is told of a signal; `count` is 1 for the first. */
export type Heard = (name: string, count: number, exit: () => void) => void;

// `deno task`, `bun run` and `node --watch` hand on a Ctrl-C that the terminal has
// sent to the whole group already: within 10 ms where it was measured. Nobody
// presses it twice within this time.
const SAME_MS = 100;

/** A signal whose copies may still come after the program that it ended. */
let late: { readonly name: string; readonly until: number } | undefined;

/** Hears of signals until it is released. */
export class Listener {
  /** What it listens to; empty where there are none, and once it is released. */
  readonly names: string[] = [];
  readonly #process: Process | undefined;
  readonly #heard: Heard;
  #first: string | undefined;
  #count = 0;
  #isLate = false;
  #last = -Infinity;

  constructor(
    process: Process | undefined,
    names: readonly string[],
    heard: Heard,
  ) {
    this.#process = process;
    this.#heard = heard;
    for (const name of names) {
      // An engine takes one that it does not know for an event like any other.
      if (!process || numberOf(name) === undefined) continue;
      try {
        process.on(name, this.#hear);
        this.names.push(name);
      } catch {
        // Windows has few of them, and Deno refuses the others.
      }
    }
    if (this.names.length === 0) {
      console.error("shutdownSignal: this platform sends no such signals");
    }
  }

  /** Gives the signals their usual effect back. */
  release(): void {
    for (const name of this.names.splice(0)) {
      this.#process?.off(name, this.#hear);
    }
  }

  /** As above; where a signal has come, once its copies must have come too. */
  releaseLater(): void {
    if (this.#first === undefined) return this.release();
    this.#isLate = true;
    late = { name: this.#first, until: performance.now() + SAME_MS };
    unrefTimeout(() => this.release(), SAME_MS);
  }

  // Not every engine gives the number too.
  readonly #hear = (name: string, number?: number): void => {
    const now = performance.now();
    if (late && late.name === name && now <= late.until) return;
    if (now - this.#last <= SAME_MS) return;
    this.#last = now;
    this.#first ??= name;
    const exit = () => {
      const process = this.#process!;
      process.exit(128 + (number ?? numberOf(name)!));
    };
    if (this.#isLate) exit();
    else this.#heard(name, ++this.#count, exit);
  };
}
