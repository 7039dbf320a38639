import { reasonOf } from "../_internal/errors.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";

/** A tick that has a time limit, or that a host waits for. */
export class Limit extends Timer implements AbortListener {
  readonly controller = new AbortController();
  readonly #host: AbortSignal | undefined;
  /** Tells the host that the tick has ended. */
  readonly #ended: (() => void) | undefined;

  constructor(host?: AbortSignal, ended?: () => void) {
    super();
    this.#host = host;
    this.#ended = ended;
    join(host, this);
  }

  aborted(source: AbortSignal): void {
    this.controller.abort(reasonOf(source));
  }

  end(): void {
    this.disarm();
    leave(this.#host, this);
    this.#ended?.();
  }
}
