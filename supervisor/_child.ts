/** One child of a supervisor: what is known of it, and how it is called. */

import type { Spec } from "./_settings.ts";
import type { Restart } from "./_intensity.ts";
import { failureOf, now, within } from "./_time.ts";
import type { ChildState, ChildStatus, CircuitState } from "./events.ts";

/**
 * What a child does, and since when by `now()`. One that is `late` did not end in
 * time: it holds up nobody, and may still end.
 */
export interface State {
  readonly name: Exclude<ChildState, "waiting"> | "late";
  readonly since: number;
}

/**
 * What a child is to do: `run`; `pause`, be down until its restart; `rest`, be
 * down for good.
 */
export type Goal = "run" | "pause" | "rest";

/** A restart that is under way, of one child or of several. */
export interface Plan {
  readonly culprit: Node;
  /** Those that have still to end before any is started. */
  readonly waits: readonly Node[];
  /** Those that it starts. */
  members: readonly Node[];
  /** When the wait is over, by `now()`. */
  due: number;
  /** Ends the wait; `undefined` once it is over. */
  cancel: (() => void) | undefined;
}

/** A child with its place among the others. */
export class Node {
  readonly spec: Spec;
  readonly deps = new Set<Node>();
  readonly dependents = new Set<Node>();
  state: State = { name: "stopped", since: 0 };
  goal: Goal = "rest";
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
  /** Told once when it is up, or what it failed with before. */
  waiter: ((failure?: Error) => void) | undefined;
  /** Told when it is gone, or why it is not; it goes once it is down. */
  leaver: ((failure?: Error) => void) | undefined;
  /** Whether an earlier start has not settled. */
  #starting = false;

  constructor(spec: Spec) {
    this.spec = spec;
  }

  /** Whether those that depend on it may start. */
  get ok(): boolean {
    return this.state.name === "running" ||
      this.state.name === "stopped" && this.goal === "rest";
  }

  /** Whether those that it depends on must stay up. */
  get active(): boolean {
    const { name } = this.state;
    return name !== "stopped" && name !== "late";
  }

  get shown(): ChildState {
    const { name } = this.state;
    if (name === "late") return "stopping";
    return name === "stopped" && this.goal !== "rest" ? "waiting" : name;
  }

  get status(): ChildStatus {
    const { spec: { runner, name, restart }, plan, error, circuit } = this;
    const { status } = runner as { status?: () => { children: ChildStatus[] } };
    return {
      name,
      state: this.shown,
      restart,
      uptime: runner.uptime(),
      restarts: Math.max(0, this.starts - 1),
      error,
      nextAttempt: plan?.cancel && Math.max(0, plan.due - now()),
      circuit,
      children: status?.call(runner).children,
    };
  }

  /** Tells who waits until it is up. */
  tell(failure?: () => Error): void {
    const { waiter } = this;
    this.waiter = undefined;
    waiter?.(failure?.());
  }

  /** Calls its start, never while an earlier one has not settled. */
  launch(): Promise<Error | undefined> {
    const { runner, startTimeout: timeout } = this.spec;
    return within(timeout, "was not ready", async () => {
      if (this.#starting) throw new Error("an earlier start has not settled");
      this.#starting = true;
      try {
        await runner.start(timeout < Infinity ? { timeout } : {});
      } finally {
        this.#starting = false;
      }
    });
  }

  /** Calls its stop; fails if it has not ended. */
  async halt(timeout: number, signal: AbortSignal): Promise<Error | undefined> {
    const { runner } = this.spec;
    const stop = () => runner.stop({ timeout, signal });
    const error = await within(timeout, "did not end", stop);
    return runner.state === "stopped" ? undefined : error;
  }

  /** Waits until it has come to rest. */
  ended(): Promise<Error | undefined> {
    return failureOf(() => this.spec.runner.finished());
  }
}

/** Those in one of these states, each with the supervisors it is under. */
export function pathsOf(
  children: readonly ChildStatus[] | undefined,
  ...states: ChildState[]
): string {
  return (children ?? []).filter(({ state }) => states.includes(state))
    .map(({ name, children }) => {
      const inner = pathsOf(children, ...states);
      return `"${name}"${inner && ` (${inner})`}`;
    }).join(", ");
}
