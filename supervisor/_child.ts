/** One child of a supervisor: what is known of it, and how it is called. */

import type { Spec } from "./_settings.ts";
import { toError } from "./_feed.ts";
import type { Restart } from "./_intensity.ts";
import { within } from "./_time.ts";
import type { ChildState, CircuitState } from "./events.ts";

interface Idle {
  readonly name: "idle";
}

interface Starting {
  readonly name: "starting";
}

interface Up {
  readonly name: "up";
  /** When it became so, by `now()`. */
  readonly since: number;
}

interface Stopping {
  readonly name: "stopping";
}

/** It did not end in time; it holds up nobody, and may still end. */
interface Late {
  readonly name: "late";
}

/** What a child does. */
export type State = Idle | Starting | Up | Stopping | Late;

/**
 * What a child is to do: `run`; `pause`, be down until its restart; `rest`, be
 * down for good.
 */
export type Goal = "run" | "pause" | "rest";

export const IDLE: Idle = { name: "idle" };

/** A restart that is under way, of one child or of several. */
export interface Plan {
  readonly culprit: Node;
  /** Those that it starts. */
  readonly members: Set<Node>;
  /** Those that have still to end before any is started. */
  readonly waits: Set<Node>;
  /** When the wait is over, by `now()`. */
  due: number;
  /** Ends the wait; `undefined` once it is over. */
  cancel: (() => void) | undefined;
}

/** Those who wait for a child to be up, or to be gone. */
export interface Waiter {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** A promise that causes no unhandled rejection, with what settles it. */
export function waiter(): Waiter {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

async function failureOf(work: Promise<unknown>): Promise<Error | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return toError(error);
  }
}

/** A child with its place among the others. */
export class Node {
  readonly spec: Spec;
  readonly deps = new Set<Node>();
  readonly dependents = new Set<Node>();
  state: State = IDLE;
  goal: Goal = "rest";
  /** How many of those it depends on are not up, and will be. */
  missing = 0;
  /** How many of those that depend on it are not down. */
  holders = 0;
  /** Whether the supervisor's start still waits for it. */
  fresh = false;
  starts = 0;
  /** Failures in a row, for the backoff. */
  attempts = 0;
  error: Error | undefined;
  circuit: CircuitState = "closed";
  plan: Plan | undefined;
  restart: Restart | undefined;
  /** When it has to be down, by `now()`. */
  deadline = 0;
  /** Ends the wait until a trial has proved itself. */
  proof: (() => void) | undefined;
  /** Who waits until it is up. */
  waiter: Waiter | undefined;
  /** Who waits until it is gone; it is removed once it is down. */
  leaver: Waiter | undefined;
  #start: object | undefined;

  constructor(spec: Spec) {
    this.spec = spec;
  }

  /** Whether those that depend on it may start. */
  get ok(): boolean {
    return this.state.name === "up" ||
      this.state.name === "idle" && this.goal === "rest";
  }

  /** Whether those that it depends on must stay up. */
  get active(): boolean {
    return this.state.name !== "idle" && this.state.name !== "late";
  }

  get status(): ChildState {
    switch (this.state.name) {
      case "idle":
        return this.goal === "rest" ? "stopped" : "waiting";
      case "up":
        return "running";
      case "late":
        return "stopping";
      default:
        return this.state.name;
    }
  }

  /**
   * Calls its start, never while an earlier one has not settled; returns what it
   * failed with.
   */
  async launch(): Promise<Error | undefined> {
    const { runner, name, startTimeout } = this.spec;
    if (this.#start !== undefined) {
      return new Error(`an earlier start of "${name}" has not settled`);
    }
    const start = this.#start = {};
    const call = async () => {
      try {
        await runner.start(
          startTimeout < Infinity ? { timeout: startTimeout } : {},
        );
      } finally {
        if (this.#start === start) this.#start = undefined;
      }
    };
    return await failureOf(
      within(call(), startTimeout, `"${name}" was not ready within`),
    );
  }

  /** Calls its stop; returns what it failed with if the child has not ended. */
  async halt(
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<Error | undefined> {
    const { runner, name } = this.spec;
    const options = signal === undefined ? { timeout } : { timeout, signal };
    const call = async () => await runner.stop(options);
    const error = await failureOf(
      within(call(), timeout, `"${name}" did not end within`),
    );
    return runner.state === "stopped" ? undefined : error;
  }

  /** Waits until it has come to rest; returns what its run failed with. */
  async ended(): Promise<Error | undefined> {
    const call = async () => await this.spec.runner.finished();
    return await failureOf(call());
  }
}
