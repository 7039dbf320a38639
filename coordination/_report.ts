/** How the parts of a runner tell of what happens to it. */

import { machineOf } from "../_internal/lifecycle.ts";
import type { RunnerEvent } from "../runner.ts";
import type { StartStop } from "../start_stop/mod.ts";

/** What a part tells its runner. */
export class Reporter {
  #runner!: StartStop;

  /** Whose part it is; the runner is made after its parts. */
  adopt(runner: StartStop): void {
    this.#runner = runner;
  }

  record(error: Error): void {
    machineOf(this.#runner).record(error, "start");
  }

  emit(event: { readonly type: string }): void {
    const machine = machineOf(this.#runner);
    if (!machine.isObserved) return;
    machine.enter();
    machine.emit({ ...event, runner: this.#runner } as unknown as RunnerEvent);
    machine.exit();
  }
}
