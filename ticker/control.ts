/** What a tick can tell its run and learn of it. */

import type { Machine } from "../_internal/machine.ts";
import type { Run } from "../_internal/run.ts";
import type { Schedule } from "../runner.ts";
import type { TickControl } from "./spec.ts";

/** What it needs of the run. */
interface Controlled extends Run {
  readonly machine: Machine;
  readonly missed: number;
  readonly scheduledAt: number;
  reset(interval: number | Schedule): boolean;
  skip(): void;
}

export class Control implements TickControl {
  readonly #run: Controlled;

  constructor(run: Controlled) {
    this.#run = run;
  }

  // Read as properties, so that they need no `this` and no memory of their own:
  // each of many tickers has one.
  get reset(): TickControl["reset"] {
    return (interval) => void this.#run.reset(interval);
  }

  get skip(): () => void {
    return () => this.#run.skip();
  }

  get scheduledAt(): number {
    return this.#run.scheduledAt;
  }

  get stop(): () => void {
    const { machine } = this.#run;
    return () => {
      if (machine.state.run === this.#run) void machine.stop();
    };
  }

  get missed(): number {
    return this.#run.missed;
  }

  get force(): AbortSignal {
    return this.#run.signals.force;
  }
}
