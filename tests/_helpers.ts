/** What the tests share. */

import {
  type StartControl,
  StartStop,
  type StartStopOptions,
  untilAborted,
} from "@golib/runner";

/** A promise that a test settles when it wants to. */
export interface Gate {
  readonly promise: Promise<void>;
  open(): void;
  fail(reason: unknown): void;
}

export function gate(): Gate {
  let open!: () => void;
  let fail!: (reason: unknown) => void;
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  promise.catch(() => {});
  return { promise, open, fail };
}

/** How a promise stands, to be read at any moment. */
export interface Outcome {
  status: "pending" | "resolved" | "rejected";
  reason: unknown;
}

export function watch(promise: Promise<unknown>): Outcome {
  const outcome: Outcome = { status: "pending", reason: undefined };
  promise.then(
    () => outcome.status = "resolved",
    (reason) => {
      outcome.status = "rejected";
      outcome.reason = reason;
    },
  );
  return outcome;
}

/** What a promise rejects with; fails the test if it resolves. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error("It resolved");
}

/** The name of an error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  return (await reasonOf(promise) as Error).name;
}

/** Lets everything happen that waits for nothing but microtasks. */
export async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn++) await undefined;
}

/** One run of a {@linkcode Service}. */
export interface ServiceRun {
  readonly signal: AbortSignal;
  readonly control: StartControl;
  /** Ends the run by itself. */
  readonly end: Gate;
  /** What the stop function was given. */
  stopSignal?: AbortSignal;
}

/** How the runs of a {@linkcode Service} behave. */
export interface Behaviour {
  /** Whether an abort does not end a run. */
  readonly stubborn?: boolean;
  /** Called first in each run. */
  begin?(run: ServiceRun, index: number): void;
  /** The body of the stop function. */
  stop?(signal: AbortSignal): unknown;
}

/** A runner whose runs are there to be looked at. */
export interface Service {
  readonly runner: StartStop;
  readonly runs: ServiceRun[];
  /** How many runs there were at once, at most. */
  most: number;
  /** How often the stop function was called. */
  stops: number;
  /** The newest run. */
  run(): ServiceRun;
}

export function serve(
  options: StartStopOptions = {},
  behaviour: Behaviour = {},
): Service {
  let live = 0;
  const runs: ServiceRun[] = [];
  const runner = new StartStop(
    async (signal, control) => {
      const run: ServiceRun = { signal, control, end: gate() };
      service.most = Math.max(service.most, ++live);
      runs.push(run);
      try {
        behaviour.begin?.(run, runs.length - 1);
        const { promise } = run.end;
        await (behaviour.stubborn
          ? promise
          : Promise.race([promise, untilAborted(signal)]));
      } finally {
        live--;
      }
    },
    (signal) => {
      service.stops++;
      service.run().stopSignal = signal;
      return behaviour.stop?.(signal);
    },
    { printErrors: false, ...options },
  );
  const service: Service = {
    runner,
    runs,
    most: 0,
    stops: 0,
    run: () => runs.at(-1)!,
  };
  return service;
}

/** A controller whose signal counts its listeners. */
export class CountingController extends AbortController {
  /** Each, and whether the abort takes it away. */
  readonly #listeners = new Map<unknown, boolean>();
  /** How many were ever added. */
  added = 0;

  constructor() {
    super();
    const { signal } = this;
    const listeners = this.#listeners;
    const add = signal.addEventListener;
    const remove = signal.removeEventListener;
    add.call(signal, "abort", () => {
      for (const [each, isOnce] of listeners) {
        if (isOnce) listeners.delete(each);
      }
    });
    signal.addEventListener = (...values: unknown[]) => {
      this.added++;
      const { once = false } = Object(values[2]) as { once?: boolean };
      if (values[0] === "abort") listeners.set(values[1], once);
      Reflect.apply(add, signal, values);
    };
    signal.removeEventListener = (...values: unknown[]) => {
      if (values[0] === "abort") listeners.delete(values[1]);
      Reflect.apply(remove, signal, values);
    };
  }

  /** How many are there. */
  get count(): number {
    return this.#listeners.size;
  }
}

/** Keeps what is printed to standard error while it lasts. */
export class Printed {
  readonly texts: string[] = [];
  readonly #print = console.error;

  constructor() {
    console.error = (...values: unknown[]) => {
      this.texts.push(values.join(" "));
    };
  }

  /** The first line of each print. */
  get lines(): string[] {
    return this.texts.map((text) => text.split("\n")[0]!);
  }

  [Symbol.dispose](): void {
    console.error = this.#print;
  }
}

// Where an engine lacks the symbol, compilers look for this one.
if (!Symbol.dispose) {
  Object.defineProperty(Printed.prototype, Symbol.for("Symbol.dispose"), {
    value: Reflect.get(Printed.prototype, "undefined"),
  });
}
