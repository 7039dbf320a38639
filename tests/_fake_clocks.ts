/**
 * Clocks that tests move by hand. `HandClock` imitates what fake clocks do, and
 * what engines do: it can be told what to fake and how fine its
 * readings and timers are.
 */

export interface HandClockOptions {
  /** Whether `Date` moves with the timers. */
  readonly date?: boolean;
  /** Whether `performance.now` does. */
  readonly performance?: boolean;
  /** What the readings are cut to, in milliseconds; 0 is as fine as it gets. */
  readonly resolution?: number;
  /** Whether timers count whole milliseconds only, and so may fire early. */
  readonly coarse?: boolean;
  /**
   * Whether its functions are those of every other such clock, as with
   * `FakeTime`: one set of functions, ids from 1 in each instance, and an error
   * from whatever is called after `restore`.
   */
  readonly shared?: boolean;
  /** The least that its timers wait, as engines make one of 0 take longer. */
  readonly least?: number;
  /** Whether it refuses to clear a timer once it is gone. */
  readonly refuses?: boolean;
  /** Whether it looks like an engine's own, for a module that is imported then. */
  readonly engine?: boolean;
  /** Where its time begins. */
  readonly start?: number;
  /** How it waits for what comes of a timer; by default as {@linkcode settleAll}. */
  readonly settle?: () => Promise<void>;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly call: () => void;
}

/** What an engine's timers can wait at most; more fires at once. */
export const LONGEST = 2 ** 31 - 1;

let inForce: HandClock | undefined;

function current(what: string): HandClock {
  if (inForce === undefined) {
    throw new Error(`Cannot ${what}: time is not faked`);
  }
  return inForce;
}

// The names are those that FakeTime's own functions have.
function fakeSetTimeout(
  callback: (...values: unknown[]) => void,
  ms?: number,
  ...values: unknown[]
): number {
  return current("set timeout").add(callback, ms, values);
}

function fakeClearTimeout(id?: unknown): void {
  current("clear timeout").remove(id);
}

/** Lets everything run that waits for nothing but microtasks. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await undefined;
}

// As it was before any clock was faked.
const { setImmediate } = globalThis as {
  setImmediate?: (call: () => void) => unknown;
};

/**
 * As {@linkcode settle}, by a turn of the engine's loop where it has one for the
 * asking: that is faster than many turns, and misses none.
 */
export function settleAll(): Promise<void> {
  if (setImmediate === undefined) return settle();
  return new Promise((resolve) => void setImmediate(() => resolve()));
}

export class HandClock {
  /** The true time, whatever the readings say. */
  now: number;
  /** What `Date` is ahead of it, as after a sleep, or as the clock was set. */
  ahead = 0;
  /** The longest wait that a timer was asked for. */
  longest = 0;
  readonly #options: HandClockOptions;
  readonly #timers = new Map<number, Timer>();
  readonly #undo: (() => void)[] = [];
  #ids = 0;

  constructor(options: HandClockOptions = {}) {
    const { date = true, performance: perf = true, shared = false } = options;
    if (inForce !== undefined) throw new Error("time is already faked");
    this.#options = options;
    this.now = options.start ?? 5_000;
    inForce = this;
    // As those of @sinonjs/fake-timers, which are new in each instance, say.
    const set = (
      call: () => void,
      ms?: number,
      ...values: unknown[]
    ) => this.add(call, ms, values);
    // Said, as Deno renames what is named as a global is.
    Object.defineProperty(set, "name", { value: "setTimeout" });
    const own = options.engine ? set : Object.assign(set, { clock: this });
    this.#replace(globalThis, {
      setTimeout: shared ? fakeSetTimeout : own,
      clearTimeout: shared ? fakeClearTimeout : (id: unknown) => {
        this.remove(id);
      },
    });
    if (date) this.#replace(globalThis, { Date: this.#date() });
    if (perf) this.#replace(performance, { now: () => this.reading() });
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  reading(): number {
    const { resolution = 0 } = this.#options;
    return resolution === 0
      ? this.now
      : Math.floor(this.now / resolution) * resolution;
  }

  add(
    callback: (...values: unknown[]) => void,
    ms: number | undefined,
    values: unknown[],
  ): number {
    const wait = Math.max(this.#options.least ?? 0, Number(ms ?? 0));
    this.longest = Math.max(this.longest, wait);
    // As the engines do: what is too long fires at once.
    const from = this.#options.coarse ? Math.floor(this.now) : this.now;
    const due = from + (wait > LONGEST ? 1 : Math.floor(wait));
    const id = ++this.#ids;
    this.#timers.set(id, { due, order: id, call: () => callback(...values) });
    return id;
  }

  remove(id: unknown): void {
    if (this.#options.refuses && inForce !== this) {
      throw new Error("Cannot clear timeout: time is not faked");
    }
    this.#timers.delete(id as number);
  }

  /** Loses all its timers, as a fake clock does that is taken away. */
  forget(): void {
    this.#timers.clear();
  }

  /** Time passes and nothing runs, as while a loop is blocked. */
  block(ms: number): void {
    this.now += ms;
  }

  /** Time passes, and what becomes due runs when it does. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    const { settle: settled = settleAll } = this.#options;
    await settled();
    let timer;
    while ((timer = this.#earliest()) !== undefined && timer[1].due <= end) {
      this.now = Math.max(this.now, timer[1].due);
      this.#timers.delete(timer[0]);
      timer[1].call();
      await settled();
    }
    this.now = Math.max(this.now, end);
  }

  /** Gives the clock before it back. */
  restore(): void {
    for (const undo of this.#undo.splice(0)) undo();
    inForce = undefined;
  }

  #earliest(): [number, Timer] | undefined {
    let found: [number, Timer] | undefined;
    for (const each of this.#timers) {
      if (found === undefined || each[1].due < found[1].due) found = each;
    }
    return found;
  }

  #date(): DateConstructor {
    const now = () => Math.floor(this.reading() + this.ahead);
    return class FakeDate extends Date {
      constructor(value?: number) {
        super(value ?? now());
      }
      static override now(): number {
        return now();
      }
    } as DateConstructor;
  }

  #replace(owner: object, members: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(members)) {
      const before = Object.getOwnPropertyDescriptor(owner, key);
      // Vercel's runtime has globals that are only to be assigned to.
      if (before?.configurable === false) {
        Object.assign(owner, { [key]: value });
        this.#undo.unshift(() => Object.assign(owner, { [key]: before.value }));
        continue;
      }
      Object.defineProperty(owner, key, {
        value,
        configurable: true,
        writable: true,
        enumerable: before?.enumerable ?? true,
      });
      this.#undo.unshift(() => {
        if (before) Object.defineProperty(owner, key, before);
        else delete (owner as Record<string, unknown>)[key];
      });
    }
  }
}

/** Runs a test on a clock of its own, and takes that away afterwards. */
export function on(
  options: HandClockOptions,
  body: (clock: HandClock) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const { setTimeout, clearTimeout } = globalThis;
    let timer;
    // A clock that nobody moves on would hold the test for ever.
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error("the test waits on a clock that stands still")),
        50_000,
      );
    });
    const clock = new HandClock(options);
    try {
      await Promise.race([body(clock), late]);
    } finally {
      clock.restore();
      clearTimeout(timer);
    }
  };
}

/** As {@linkcode on}, with a clock that fakes all there is. */
export function timed(
  body: (clock: HandClock) => Promise<void>,
): () => Promise<void> {
  return on({}, body);
}
