/** A session of HTTP/2, and how it ends without a refused request. */

import { Timer } from "../_internal/timer.ts";
import { isDeno } from "./_runtime.ts";
import type { Emitter, Session, Socket } from "./_types.ts";

/**
 * A GOAWAY with the highest number that a stream can have: 8 bytes, type 7. Node's
 * own `goaway` makes it ignore every stream that is on the wire, whatever the number.
 */
const NOTICE = /* @__PURE__ */ new Uint8Array(
  [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0],
);

/**
 * One session. A notice that names the highest of all streams refuses nothing that
 * is on the wire; what a client has sent before it read the notice has come when it has
 * answered two pings behind it. Only then the session closes.
 */
export class SessionTrack {
  /** How many streams are open. */
  streams = 0;
  readonly #session: Session;
  readonly #socket: Socket;
  readonly #timer = new Timer();
  #phase: "open" | "noticed" | "closed" = "open";

  constructor(session: Session, socket: Socket) {
    this.#session = session;
    this.#socket = socket;
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
    // Each write of the session is of whole frames, so that another may stand between.
    // Deno does not survive it, and ignores what is on the wire instead.
    if (isDeno()) session.goaway(0, 2 ** 31 - 1);
    else this.#socket.write(NOTICE);
    // A client that does not answer is not waited for.
    this.#timer.arm(linger, close);
    // A client answers the first before it has read the notice to its end.
    session.ping(() => {
      if (!session.destroyed) session.ping(close);
    });
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
