/** A session of HTTP/2, and how it ends without a refused request. */

import { Timer } from "../_internal/timer.ts";
import type { Emitter, Session } from "./_types.ts";

/** The highest number that a stream of a client can have. */
const HIGHEST = 2 ** 31 - 1;

/**
 * One session. A notice that names the highest of all streams refuses nothing that
 * is on the wire; what a client has sent before it read the notice has come when it
 * answers the ping behind it. Only then the session closes.
 */
export class SessionTrack {
  /** How many streams are open. */
  streams = 0;
  readonly #session: Session;
  readonly #timer = new Timer();
  #phase: "open" | "noticed" | "closed" = "open";

  constructor(session: Session) {
    this.#session = session;
    session.on("stream", (stream: Emitter) => {
      this.streams++;
      stream.on("close", () => {
        this.streams--;
        this.#finish();
      });
    });
  }

  /** Asks the client for no more streams, and closes when the last has ended. */
  leave(linger: number): void {
    const session = this.#session;
    if (this.#phase !== "open" || session.destroyed) return;
    this.#phase = "noticed";
    const close = () => {
      if (this.#phase !== "noticed" || session.destroyed) return;
      this.#phase = "closed";
      session.close();
      this.#finish();
    };
    session.goaway(0, HIGHEST);
    // A client that does not answer is not waited for.
    this.#timer.arm(linger, close);
    session.ping(close);
  }

  /** Ends it with all its streams. */
  destroy(): void {
    this.#session.destroy();
  }

  release(): void {
    this.#timer.disarm();
  }

  /** Node 20 keeps a closed session whose last stream has ended. */
  #finish(): void {
    if (this.#phase !== "closed" || this.streams > 0) return;
    // What was written last leaves before.
    this.#timer.arm(1, () => {
      if (!this.#session.destroyed && this.streams === 0) this.destroy();
    });
  }
}
