import { Timeout } from "../_internal/clock.ts";
import { reasonOf } from "../_internal/errors.ts";
import type { AbortListener } from "../_internal/signals.ts";
import type { TickRun } from "./tick_run.ts";

/** A tick that has a time limit, or that someone waits for. */
export class Limit implements AbortListener {
  readonly #controller = new AbortController();
  /** Tells who waits for the end of the tick. */
  ended: (() => void) | undefined;
  #timeout: Timeout | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Expires when the tick has taken this long, of which some is spent already. */
  start(run: TickRun, ms: number, spent: number): void {
    this.#timeout = new Timeout(
      Math.max(ms - spent, 0),
      () => this.expire(run, ms),
    );
  }

  expire(run: TickRun, ms: number): void {
    if (this.signal.aborted) return;
    run.machine.enter();
    this.#controller.abort(run.expired(ms));
    run.machine.exit();
  }

  aborted(source: AbortSignal): void {
    this.#controller.abort(reasonOf(source));
  }

  end(): void {
    this.#timeout?.cancel();
    this.ended?.();
  }
}
