/**
 * What the tests use of `@std/testing/time`: a clock that fakes `Date`, the
 * timers and `AbortSignal.timeout`, but not `performance`. As in the original
 * the faked functions are the same objects for every instance, and throw once
 * the clock is restored.
 *
 * @module
 */

/** An operation that the present state of the clock does not allow. */
export class TimeError extends Error {
  override name = "TimeError";
}

/** Options of {@linkcode FakeTime}. */
export interface FakeTimeOptions {
  /** Fake milliseconds per real millisecond. @default {0} */
  advanceRate: number;
  /** Real milliseconds between two advances. @default {10} */
  advanceFrequency?: number;
}

interface Timer {
  readonly id: number;
  readonly callback: (...values: unknown[]) => unknown;
  readonly values: unknown[];
  readonly due: number;
  readonly order: number;
  readonly every: number | undefined;
}

interface Faked {
  readonly start: number;
  now: number;
  ids: number;
  readonly timers: Map<number, Timer>;
}

const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
};
const timeoutReal = AbortSignal.timeout;

let active: FakeTime | undefined;
let faked: Faked = { start: 0, now: 0, ids: 0, timers: new Map() };
let order = 0;

function add(
  kind: "timeout" | "interval",
  callback: unknown,
  delay: unknown,
  values: unknown[],
): number {
  if (typeof callback !== "function") {
    throw new TimeError(`Cannot set ${kind}: the callback is not a function`);
  }
  if (!active) throw new TimeError(`Cannot set ${kind}: time is not faked`);
  const every = kind === "interval";
  const wait = Math.max(every ? 1 : 0, Math.floor(Number(delay ?? 0)));
  const id = ++faked.ids;
  faked.timers.set(id, {
    id,
    callback: callback as Timer["callback"],
    values,
    due: faked.now + wait,
    order: ++order,
    every: every ? wait : undefined,
  });
  return id;
}

function remove(kind: "timeout" | "interval", id: unknown): void {
  if (!active) throw new TimeError(`Cannot clear ${kind}: time is not faked`);
  if (typeof id === "number") faked.timers.delete(id);
}

function earliest(): Timer | undefined {
  let found: Timer | undefined;
  for (const timer of faked.timers.values()) {
    if (
      !found || timer.due < found.due ||
      (timer.due === found.due && timer.order < found.order)
    ) found = timer;
  }
  return found;
}

function nowOfDate(): number {
  return active ? faked.now : real.Date.now();
}

// The names are the original's: they are what tells these from an engine's own.
function fakeSetTimeout(
  callback: unknown,
  delay?: unknown,
  ...values: unknown[]
): number {
  return add("timeout", callback, delay, values);
}

function fakeClearTimeout(id?: unknown): void {
  remove("timeout", id);
}

function fakeSetInterval(
  callback: unknown,
  delay?: unknown,
  ...values: unknown[]
): number {
  return add("interval", callback, delay, values);
}

function fakeClearInterval(id?: unknown): void {
  remove("interval", id);
}

const fake = {
  Date: new Proxy(real.Date, {
    construct: (target, values) =>
      Reflect.construct(target, values.length === 0 ? [nowOfDate()] : values),
    apply: () => new real.Date(nowOfDate()).toString(),
    get: (target, key, receiver) =>
      key === "now" ? nowOfDate : Reflect.get(target, key, receiver),
  }),
  setTimeout: fakeSetTimeout,
  clearTimeout: fakeClearTimeout,
  setInterval: fakeSetInterval,
  clearInterval: fakeClearInterval,
};

function timeoutFake(delay: number): AbortSignal {
  const controller = new AbortController();
  fake.setTimeout(
    () =>
      controller.abort(new DOMException("Signal timed out.", "TimeoutError")),
    delay,
  );
  return controller.signal;
}

function install(): void {
  Object.assign(globalThis, fake);
  AbortSignal.timeout = timeoutFake;
}

function uninstall(): void {
  Object.assign(globalThis, real);
  AbortSignal.timeout = timeoutReal;
}

/** A clock that moves only when told to. */
export class FakeTime {
  #advance: ReturnType<typeof setInterval> | undefined;

  constructor(
    start?: number | string | Date | null,
    options?: FakeTimeOptions,
  ) {
    if (active) {
      throw new TimeError("Cannot construct FakeTime: time is already faked");
    }
    const at = typeof start === "number"
      ? Math.floor(start)
      : start === undefined || start === null
      ? real.Date.now()
      : new real.Date(start).valueOf();
    if (Number.isNaN(at)) {
      throw new TypeError(
        `Cannot construct FakeTime: invalid start time ${start}`,
      );
    }
    faked = { start: at, now: at, ids: 0, timers: new Map() };
    active = this;
    install();
    const rate = Math.max(0, options?.advanceRate ?? 0);
    const frequency = Math.max(0, options?.advanceFrequency ?? 10);
    if (rate > 0) {
      this.#advance = real.setInterval.call(
        globalThis,
        () => this.tick(rate * frequency),
        frequency,
      );
    }
  }

  /** Restores whichever instance is in force. */
  static restore(): void {
    if (!active) {
      throw new TimeError("Cannot restore time: time is already restored");
    }
    active.restore();
  }

  /** Restores real time until `callback` has returned and settled. */
  static async restoreFor<T>(
    // deno-lint-ignore no-explicit-any
    callback: (...values: any[]) => Promise<T> | T,
    // deno-lint-ignore no-explicit-any
    ...values: any[]
  ): Promise<T> {
    if (!active) throw new TimeError("Cannot restore time: time is not faked");
    uninstall();
    let result: Promise<T> | T;
    try {
      result = callback(...values);
    } catch (error) {
      install();
      throw error;
    }
    if (result instanceof Promise) return await result.finally(install);
    install();
    return result;
  }

  /** The fake time, in milliseconds since the epoch. */
  get now(): number {
    return faked.now;
  }

  set now(value: number) {
    if (value < faked.now) {
      throw new RangeError(
        `Cannot set current time in the past, time must be >= ${faked.now}: received ${value}`,
      );
    }
    const run = faked;
    for (
      let timer = earliest();
      timer && timer.due <= value && run === faked;
      timer = earliest()
    ) {
      run.now = timer.due;
      if (timer.every === undefined) run.timers.delete(timer.id);
      else {
        const due = timer.due + timer.every;
        run.timers.set(timer.id, { ...timer, due, order: ++order });
      }
      timer.callback.apply(null, timer.values);
    }
    run.now = value;
  }

  /** Where the fake time began. */
  get start(): number {
    return faked.start;
  }

  /** Resolves after `ms` milliseconds of real time. */
  delay(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const aborted = () => new DOMException("Delay was aborted.", "AbortError");
    if (signal?.aborted) return Promise.reject(aborted());
    return new Promise((resolve, reject) => {
      const abort = () => {
        real.clearTimeout.call(globalThis, timer);
        reject(aborted());
      };
      const timer = real.setTimeout.call(globalThis, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Lets everything run that waits for nothing but microtasks. */
  async runMicrotasks(): Promise<void> {
    await this.delay(0);
  }

  /** Moves the clock on by `ms`, and runs what becomes due. */
  tick(ms = 0): void {
    this.now += ms;
  }

  /** Runs the microtasks, then moves the clock on by `ms`. */
  async tickAsync(ms = 0): Promise<void> {
    await this.runMicrotasks();
    this.now += ms;
  }

  /** Moves the clock to the next timer; false if there is none. */
  next(): boolean {
    const timer = earliest();
    if (timer) this.now = timer.due;
    return timer !== undefined;
  }

  /** Runs the microtasks, then moves the clock to the next timer. */
  async nextAsync(): Promise<boolean> {
    await this.runMicrotasks();
    return this.next();
  }

  /** Moves the clock on until no timer is left. */
  runAll(): void {
    while (this.next());
  }

  /** As {@linkcode runAll}, with the microtasks before each timer. */
  async runAllAsync(): Promise<void> {
    while (faked.timers.size > 0) await this.nextAsync();
  }

  /** Gives the real clock back. */
  restore(): void {
    if (!active) {
      throw new TimeError("Cannot restore time: time is already restored");
    }
    active = undefined;
    uninstall();
    real.clearInterval.call(globalThis, this.#advance);
  }

  [Symbol.dispose](): void {
    this.restore();
  }
}

// Where an engine lacks the symbol, compilers look for this one.
if (!Symbol.dispose) {
  Object.defineProperty(FakeTime.prototype, Symbol.for("Symbol.dispose"), {
    value: FakeTime.prototype.restore,
  });
}
