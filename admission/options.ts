import type { Observer, RunnerEvent, RunnerOptions } from "../runner.ts";
import type { Runner } from "../runner.ts";
import type { GateRefusal } from "./gate_error.ts";

/**
 * Reads a limit that moves. It is given how much of it the gate's runs have now,
 * for sources that say what is left: `(inUse) => inUse + pool.idleCount`.
 */
export type LimitReader = (inUse: number) => number;

/** Says how hard pressed the process is, from 0 (idle) to 1 (no more). */
export type PressureReader = () => number;

/** Bounds of a concurrency that is found by latency. */
export interface AdaptiveOptions {
  /** The least concurrency, a whole number from 1; the gate begins with it. */
  readonly min: number;
  /** The largest concurrency, a whole number from `min`. */
  readonly max: number;
}

/** Options of {@linkcode Gate}. */
export interface GateOptions extends RunnerOptions {
  /**
   * How many places there are: a run takes one, or its `weight`. A number above 0,
   * or a function that is read at each arrival, at each end and by `wake()`.
   *
   * @default Infinity
   */
  readonly concurrency?: number | LimitReader | undefined;
  /**
   * Finds the concurrency by latency, between two bounds, instead of
   * `concurrency`.
   *
   * @default undefined, which means: `concurrency` is the limit
   */
  readonly adaptive?: AdaptiveOptions | undefined;
  /**
   * Named resources and how much there is of each. A run says what it `uses`, and
   * has all of it or waits.
   *
   * @default {}
   */
  readonly limits?: Readonly<Record<string, number | LimitReader>> | undefined;
  /**
   * Keeps places for high priorities: `{ 10: 2 }` keeps two places that only runs
   * of priority 10 and above may take.
   *
   * @default {}
   */
  readonly reserve?: Readonly<Record<number, number>> | undefined;
  /**
   * A waiting run rises by one priority in so many milliseconds, so that none
   * waits for ever; 0 means strict order.
   *
   * @default 10000
   */
  readonly aging?: number | undefined;
  /**
   * How hard pressed the process is, from 0 to 1. The gate closes from the lowest
   * of the priorities it has seen: with three of them the lowest waits from a third
   * on, the next from two thirds on, and the highest at 1.
   *
   * @default undefined, which means: no pressure
   */
  readonly pressure?: PressureReader | undefined;
  /**
   * How long a run may wait, in milliseconds, where the call names no `maxWait`.
   *
   * @default Infinity
   */
  readonly maxWait?: number | undefined;
  /**
   * How many runs may wait: a whole number from 0, or `Infinity`. Where one more
   * comes, the last in order is refused, be it one that waits already.
   *
   * @default Infinity
   */
  readonly maxWaiting?: number | undefined;
  /**
   * The largest `weight` that a run may have. Where runs are inside runs of the same
   * gate, the gate goes by it from the first run on; without it, by the largest that
   * it has seen.
   *
   * @default undefined, which means: any weight that fits
   */
  readonly maxWeight?: number | undefined;
  /**
   * The gate that this one is a part of. A run takes a place in both at once, or
   * waits for both.
   *
   * @default undefined, which means: none
   */
  readonly parent?: ParentGate | undefined;
}

/** Options of {@linkcode Gate.run}. */
export interface GateRunOptions {
  /**
   * The higher, the sooner. Any finite number.
   *
   * @default 0
   */
  readonly priority?: number | undefined;
  /**
   * How many places the run takes: a number above 0.
   *
   * @default 1
   */
  readonly weight?: number | undefined;
  /**
   * How much of each named resource the run takes.
   *
   * @default {}
   */
  readonly uses?: Readonly<Record<string, number>> | undefined;
  /**
   * How long to wait at most, in milliseconds; then the call rejects with a
   * `GateError` whose `why` is `late`. 0 means: now or not at all.
   *
   * @default the gate's `maxWait`
   */
  readonly maxWait?: number | undefined;
  /** Ends the wait, and aborts the signal of the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a gate lets in; its promise holds the place until it settles. The signal
 * aborts with that of the caller, and when the grace of a stop has passed.
 */
export type GateWork<T> = (signal: AbortSignal) => T | PromiseLike<T>;

/** How much of a resource is in use. */
export interface ResourceLoad {
  /** How much the runs have. */
  readonly used: number;
  /** How much there is, as it was last read. */
  readonly limit: number;
}

/** How long runs have waited, in milliseconds, those that did not wait left out. */
export interface WaitLoad {
  /** How many have waited. */
  readonly count: number;
  /** All their waits together. */
  readonly sum: number;
  /** Half of them waited no longer. */
  readonly p50: number;
  /** 95 of 100 waited no longer. */
  readonly p95: number;
  /** 99 of 100 waited no longer. */
  readonly p99: number;
  /** The longest wait. */
  readonly max: number;
  /**
   * How many waited no longer than so many milliseconds: 1, 10, 100, 1000 and
   * 10000. Exact to a factor of the square root of two.
   */
  readonly upTo: Readonly<Record<number, number>>;
}

/** What goes on at a gate, as it is now; counts are since the gate was made. */
export interface GateLoad {
  /** How many runs there are now. */
  readonly running: number;
  /** How many wait now. */
  readonly waiting: number;
  /** How many wait now, by the priority that they were given. */
  readonly waitingByPriority: Readonly<Record<number, number>>;
  /** How many were let in. */
  readonly admitted: number;
  /** How many were refused, by why. */
  readonly refused: Readonly<Record<GateRefusal, number>>;
  /** How many gave up their wait, by their signal. */
  readonly abandoned: number;
  /** The places of the gate. */
  readonly concurrency: ResourceLoad;
  /** The named resources. */
  readonly limits: Readonly<Record<string, ResourceLoad>>;
  /** The pressure as it was last read; 0 without a reader. */
  readonly pressure: number;
  /** How long runs have waited. */
  readonly waits: WaitLoad;
}

/** A gate, as those that are a part of it know it. */
export interface ParentGate extends Runner {
  /** What goes on at the gate. */
  load(): GateLoad;
}

/** A run has waited at a gate, or was refused. A run that need not wait is not told. */
export interface GateAdmissionEvent {
  /** Tells this event from the others. */
  readonly type: "admission";
  /** The gate. */
  readonly runner: Runner;
  /** How the wait has ended. */
  readonly outcome: "admitted" | "abandoned" | GateRefusal;
  /** The priority that the run was given. */
  readonly priority: number;
  /** How long it has waited, in milliseconds. */
  readonly waited: number;
}

/**
 * What an observer of a gate is told, told apart by `type`. More types may come:
 * ignore those you do not know.
 */
export type GateEvent = RunnerEvent | GateAdmissionEvent;

/** A function that is told what happens to a gate. */
export type GateObserver = Observer | ((event: GateEvent) => void);
