/** One live worker: it is connected, started, asked, stopped, and in the end over. */

import { abortError, reasonOf } from "../_internal/errors.ts";
import { unref } from "../_internal/runtime.ts";
import { type AbortListener, join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";
import type { ErrorPhase } from "../runner.ts";
import {
  type Answer,
  type Order,
  PROTOCOL,
  receivedError,
  sentError,
  type Snapshot,
} from "./_messages.ts";
import { connect, type Wire, type WireOptions } from "./_runtime.ts";

/** What a member needs of those that have made it. */
export interface MemberOwner {
  /** A runner of the worker has recorded an error, and printed it. */
  recorded(error: Error, phase: ErrorPhase): void;
  /** How the runners of the worker are. */
  seen(tree: Snapshot): void;
  /** It is ready; its end may follow in the same turn. */
  becameReady(): void;
  /** A call was answered. */
  answered(): void;
}

/** What a member goes by; times are in milliseconds. */
export interface MemberOptions extends WireOptions {
  readonly stallTimeout: number;
  readonly killDelay: number;
  /** Gives what crosses over with a call or a start; it never throws. */
  readonly carry: (() => unknown) | undefined;
  /** Whether the platform says nothing when a worker is over. */
  readonly isMute: boolean;
}

/** Where a member is in its life. */
type State =
  | "connecting"
  | "starting"
  | "ready"
  | "stopping"
  | "ending"
  | "over";

interface Call extends AbortListener {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  readonly signal: AbortSignal | undefined;
}

// So often its loop is asked within `stallTimeout`: a stall is found so much later.
const PINGS = 20;
// Where the program's own loop was blocked for so many milliseconds, the answer may
// lie ready.
const LATE = 20;

/** One worker. */
export class Member {
  /** Resolves once the worker is ready, or over. */
  readonly ready: Promise<void>;
  /** Resolves once the platform says that it is over, with what it failed with. */
  readonly over: Promise<Error | undefined>;
  readonly #options: MemberOptions;
  readonly #owner: MemberOwner;
  readonly #wire: Wire;
  readonly #calls = new Map<number, Call>();
  readonly #timer = new Timer();
  readonly #start: Order;
  #state: State = "connecting";
  #isReady!: () => void;
  #isOver!: (failure: Error | undefined) => void;
  #failure: Error | undefined;
  #lastId = 0;
  /** When the ping that waits for its answer was sent; 0 where none is. */
  #asked = 0;
  #delay: Timer | undefined;

  constructor(options: MemberOptions, owner: MemberOwner) {
    this.#options = options;
    this.#owner = owner;
    // In the context of whoever starts it.
    const carried = options.carry?.();
    this.#start = carried === undefined
      ? { type: "start" }
      : { type: "start", carried };
    this.ready = new Promise((resolve) => this.#isReady = resolve);
    this.over = new Promise((resolve) => this.#isOver = resolve);
    this.#wire = connect(options, {
      message: (data) => this.#heard(data),
      failed: (error) => this.#crashed(error),
      over: (code) => this.#ended(code),
    });
    this.#watch();
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** How many calls are in flight. */
  get load(): number {
    return this.#calls.size;
  }

  /** Asks it to stop; one that has not answered yet is ended. */
  stop(): void {
    if (this.#state === "connecting") return this.kill();
    if (this.#state !== "starting" && this.#state !== "ready") return;
    this.#state = "stopping";
    this.#order({ type: "stop" });
  }

  /** Ends it, whatever it does. */
  kill(failure?: Error): void {
    if (this.#state === "ending" || this.#state === "over") return;
    this.#end(failure, this.#options.killDelay);
  }

  call(
    name: string,
    value: unknown,
    carried: unknown,
    transfer: readonly object[] | undefined,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const aborted = (source: AbortSignal) => {
        const reason = reasonOf(source);
        this.#order({ type: "abort", id, reason: sentError(reason) });
        this.#settle(id)?.reject(reason);
      };
      // What cannot be cloned is refused here.
      const order: Order = carried === undefined
        ? { type: "call", id, name, value }
        : { type: "call", id, name, value, carried };
      this.#wire.send(order, transfer);
      this.#calls.set(id, { resolve, reject, signal, aborted });
      join(signal, this.#calls.get(id)!);
    });
  }

  #order(order: Order): void {
    this.#wire.send(order);
  }

  #heard(data: unknown): void {
    // What comes after the end is of no use.
    if (this.#state === "ending" || this.#state === "over") return;
    this.#asked = 0;
    try {
      this.#take(data as Answer);
    } catch {
      // The worker's module sends messages of its own, which may be anything.
      const why = "the worker's module says what expose() does not say";
      this.#crashed(new Error(why));
    }
  }

  /** Throws where it is no answer at all. */
  #take(answer: Answer): void {
    switch (answer.type) {
      case "hello":
        return this.#greeted(answer.protocol);
      case "ready":
        if (this.#state !== "starting") return;
        this.#state = "ready";
        this.#owner.becameReady();
        return this.#isReady();
      case "ended":
        return this.#end(answer.error && receivedError(answer.error), 0);
      case "crashed":
        return this.#end(receivedError(answer.error), 0);
      case "value":
        this.#owner.answered();
        return this.#settle(answer.id)?.resolve(answer.value);
      case "failed": {
        const error = receivedError(answer.error);
        this.#owner.answered();
        return this.#settle(answer.id)?.reject(error);
      }
      case "error":
        return this.#owner.recorded(receivedError(answer.error), answer.phase);
      case "tree":
        return this.#owner.seen(answer.tree);
      case "pong":
        return;
      default:
        throw new TypeError("an unknown message");
    }
  }

  #greeted(protocol: string): void {
    if (protocol !== PROTOCOL) {
      const why =
        `the worker speaks "${protocol}" and the program "${PROTOCOL}": both need the same version of @golib/runner`;
      return this.kill(this.#error(why));
    }
    if (this.#state !== "connecting") return;
    this.#state = "starting";
    this.#order(this.#start);
  }

  #crashed(cause: unknown): void {
    if (this.#state === "ending" || this.#state === "over") return;
    const { message } = sentError(cause);
    const error = this.#error(`the worker has crashed: ${message}`, cause);
    // Its loop has let go, so that nothing keeps the platform from ending it.
    this.#end(error, 0);
  }

  /** It is to be over: the platform is asked to end it. */
  #end(failure: Error | undefined, delay: number): void {
    this.#failure = failure;
    this.#state = "ending";
    this.#timer.disarm();
    this.#wire.kill();
    if (!this.#options.isMute) return;
    if (delay === 0) return this.#ended(undefined);
    this.#delay = new Timer();
    this.#delay.arm(delay, () => this.#ended(undefined));
  }

  /** It is over. */
  #ended(code: number | undefined): void {
    if (this.#state === "over") return;
    if (this.#state !== "ending") {
      const why = code === undefined
        ? "the worker's process was killed"
        : `the worker ended by itself with exit code ${code}`;
      this.#failure = this.#error(why);
    }
    this.#state = "over";
    this.#timer.disarm();
    const cause = this.#failure;
    for (const id of [...this.#calls.keys()]) {
      const why = "the worker ended before it had answered";
      this.#settle(id)?.reject(
        cause ? this.#error(why, cause) : abortError(`Cannot call: ${why}`),
      );
    }
    this.#isReady();
    this.#isOver(cause);
  }

  #settle(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (call) leave(call.signal, call);
    return call;
  }

  /** Asks now and then whether its loop turns. */
  #watch(wait = this.#options.stallTimeout / PINGS): void {
    if (wait === Infinity) return;
    const due = performance.now() + wait;
    this.#timer.arm(wait, () => this.#look(due));
    unref(this.#timer.armed!.id);
  }

  #look(due: number): void {
    const { stallTimeout } = this.#options;
    const now = performance.now();
    if (this.#state === "connecting") return this.#watch();
    if (this.#asked === 0) {
      this.#asked = now;
      this.#order({ type: "ping" });
      return this.#watch();
    }
    const left = this.#asked + stallTimeout - now;
    if (left > 0) return this.#watch(Math.min(left, stallTimeout / PINGS));
    if (now > due + LATE) return this.#watch(LATE);
    const why = `its event loop did not turn within ${stallTimeout} ms`;
    this.kill(this.#error(`the worker was ended, as ${why}`));
  }

  #error(why: string, cause?: unknown): Error {
    const what = `Cannot run "${this.#options.name}" in a worker: ${why}`;
    return cause === undefined ? new Error(what) : new Error(what, { cause });
  }
}
