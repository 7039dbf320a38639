import { reasonOf } from "../_internal/errors.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import type { Thrown } from "../_internal/run.ts";
import { Timer } from "../_internal/timer.ts";

/** A tick that has a time limit, or that a host waits for. */
export class Limit extends Timer implements AbortListener {
  readonly controller = new AbortController();
  /** Called when the tick's signal has aborted. */
  whenAborted: (() => void) | undefined;
  readonly #host: AbortSignal | undefined;
  /** Tells the host that the tick has ended, or why it has not begun. */
  readonly #ended: ((refused?: Thrown) => void) | undefined;

  constructor(host?: AbortSignal, ended?: (refused?: Thrown) => void) {
    super();
    this.#host = host;
    this.#ended = ended;
    join(host, this);
  }

  aborted(source: AbortSignal): void {
    this.abort(reasonOf(source));
  }

  abort(reason: unknown): void {
    this.controller.abort(reason);
    this.whenAborted?.();
  }

  end(refused?: Thrown): void {
    this.disarm();
    leave(this.#host, this);
    this.#ended?.(refused);
  }
}
