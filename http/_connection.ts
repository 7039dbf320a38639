/** One connection to a server of Node's kind, and how it ends. */

import { Timer } from "../_internal/timer.ts";
import { turn } from "./_runtime.ts";
import { SessionTrack } from "./_session.ts";
import type { Incoming, Left, Outgoing, Session, Socket } from "./_types.ts";

/** How long a connection that has been answered reads on, in ms, at most. */
const READ_ON = 500;

/** Whether an answer has still to be finished. */
function isOpen(answer: Outgoing | undefined): boolean {
  return !!answer && !answer.destroyed && !answer.writableFinished;
}

/**
 * One connection. While the server works it only keeps the newest answer: answers
 * leave in their order, so that the connection is busy as long as this one is.
 */
export class Connection {
  readonly socket: Socket;
  /** What it speaks if that is no longer HTTP/1, as WebSockets do not. */
  #other: SessionTrack | "unknown" | undefined;
  #answer: Outgoing | undefined;
  #request: Incoming | undefined;
  /** How long it may stay quiet; `undefined` as long as it may do so for ever. */
  #linger: number | undefined;
  #timer: Timer | undefined;
  #isResting = false;
  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Whether it may still carry a request, and has none. */
  get isResting(): boolean {
    return this.#isResting;
  }

  /** A request has come. */
  request(request: Incoming, answer: Outgoing, isLast: boolean): void {
    const before = this.#answer;
    this.#answer = answer;
    this.#request = request;
    if (!isLast) return;
    this.#stir();
    // A client that does not wait for answers needs this one to the last.
    if (isOpen(before) && !before!.headersSent) {
      before!.removeHeader("connection");
    }
    this.#conclude();
  }

  /** The connection has become one of HTTP/2. */
  speak(session: Session): void {
    const track = this.#other = new SessionTrack(session, this.socket);
    this.#stir();
    if (this.#linger !== undefined) track.leave(this.#linger);
  }

  /** The connection is in the hands of the program. */
  upgrade(): void {
    this.#other = "unknown";
    this.#stir();
  }

  /** Says with the present answer that it is the last. */
  announce(): void {
    if (isOpen(this.#answer) && !this.#answer!.headersSent) {
      this.#answer!.setHeader("connection", "close");
    }
  }

  /** Ends once it has been quiet for so many milliseconds. */
  leave(linger: number): void {
    this.#linger = linger;
    if (this.#other instanceof SessionTrack) this.#other.leave(linger);
    else this.#conclude();
  }

  /** Counts what is open, and ends it. */
  cut(left: Left): void {
    const other = this.#other;
    if (other === "unknown") left.upgraded++;
    else if (other?.streams) left.requests += other.streams;
    else if (isOpen(this.#answer)) left.requests++;
    else left.idle++;
    if (other instanceof SessionTrack) other.destroy();
    this.socket.destroy();
  }

  /** Lets go of its timer. */
  release(): void {
    // Its last answer may hear of the end later than it does.
    this.#linger = undefined;
    this.#stir();
    if (this.#other instanceof SessionTrack) this.#other.release();
  }

  /** It rests no longer. */
  #stir(): void {
    this.#isResting = false;
    this.#timer?.disarm();
  }

  /** Announces the end where something is to be answered, and waits for that. */
  #conclude(): void {
    const answer = this.#answer;
    if (!isOpen(answer)) return this.#rest();
    this.announce();
    this.#readOn(this.#request!);
    answer!.on("close", () => {
      if (this.#answer === answer) this.#rest();
    });
  }

  /** Nothing is in flight: one more request may come, and then it ends. */
  #rest(): void {
    if (this.#linger === undefined || this.#other) return;
    const { socket } = this;
    const { bytesRead } = socket;
    const timer = this.#timer ??= new Timer();
    this.#isResting = true;
    const end = async () => {
      // What has come while this ran is read in the turn that follows.
      await turn();
      if (!this.#isResting) return;
      // A request that has begun to come.
      if (socket.bytesRead !== bytesRead) this.#rest();
      else socket.destroy();
    };
    timer.arm(this.#linger, () => void end());
  }

  /**
   * An answer with `connection: close` ends its socket as it is finished. Where the
   * client still sends, that would reset the connection, and the client would lose
   * the answer; so it is heard to its end first.
   */
  #readOn(request: Incoming): void {
    const { socket } = this;
    const { destroySoon } = socket;
    if (!destroySoon) return;
    socket.destroySoon = () => {
      if (request.complete) return destroySoon.call(socket);
      socket.end();
      request.resume();
      const timer = this.#timer ??= new Timer();
      timer.arm(READ_ON, () => socket.destroy());
      request.on("end", () => {
        timer.arm(1, () => socket.destroy());
      });
    };
  }
}
