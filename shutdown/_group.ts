/** Several runners as one program: no supervisor, nothing is restarted. */

import { peek } from "../_internal/errors.ts";
import { nothing } from "../_internal/settings.ts";
import type { StopOptions } from "../runner.ts";
import { recoveryCaller } from "../tools.ts";
import type { MainRunner } from "./main_options.ts";

/** Prints what a runner failed with, unless it has recorded, and so printed it. */
function print(runner: MainRunner, error: unknown): void {
  if (!runner.errorsTotal?.()) recoveryCaller("main", error);
}

export class Group {
  readonly #runners: readonly MainRunner[];
  #isStopped = false;

  constructor(runners: readonly MainRunner[]) {
    this.#runners = runners;
  }

  isRunning(): boolean {
    return this.#runners.some((each) => each.isRunning());
  }

  /**
   * Starts them in order, and waits until all have ended.
   *
   * @param up Called when all are up.
   * @returns a promise that rejects as soon as one of them has failed.
   */
  async run(up: () => void): Promise<void> {
    let fail!: (reason: unknown) => void;
    const failed = new Promise<never>((_resolve, reject) => fail = reject);
    failed.catch(nothing);
    const ends: Promise<void>[] = [];
    for (const runner of this.#runners) {
      if (this.#isStopped) break;
      const start = this.#start(runner);
      await Promise.race([start, failed]);
      const end = finish(runner);
      end.catch(fail);
      ends.push(end);
    }
    if (!this.#isStopped) up();
    await Promise.all(ends);
  }

  /** Stops them in reverse order; rejects with the first failure. */
  async stop(options: StopOptions): Promise<void> {
    this.#isStopped = true;
    const failures: { readonly error: unknown }[] = [];
    for (const runner of [...this.#runners].reverse()) {
      try {
        await runner.stop(options);
      } catch (error) {
        failures.push({ error });
        print(runner, error);
      }
    }
    if (failures[0]) throw failures[0].error;
  }

  /** Waits until none of them has anything left to do. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#runners.map((each) => each.finished()));
  }

  async #start(runner: MainRunner): Promise<void> {
    try {
      await runner.start();
    } catch (error) {
      // Whoever calls a start off has ended the program, cleanly.
      if (this.#isStopped || peek(error, "name") === "AbortError") return;
      print(runner, error);
      throw error;
    }
  }
}

async function finish(runner: MainRunner): Promise<void> {
  try {
    await runner.finished();
  } catch (error) {
    print(runner, error);
    throw error;
  }
}
