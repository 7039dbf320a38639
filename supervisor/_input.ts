/** What has happened, as data. */

import type { Child } from "./_child.ts";

/** What has happened. */
export type Event =
  /** The supervisor was started. */
  | { readonly is: "launch" }
  /** It was asked to stop, and to be down at `until`. */
  | { readonly is: "halt"; readonly until: number }
  /** A run is up; whether that shows that it works, or a tick has to. */
  | {
    readonly is: "up";
    readonly child: Child;
    readonly run: number;
    readonly isProven: boolean;
  }
  /** A run that is up has shown that it works. */
  | { readonly is: "proven"; readonly child: Child; readonly run: number }
  /** A start has failed; the run may still have to end. */
  | {
    readonly is: "failed";
    readonly child: Child;
    readonly run: number;
    readonly error: Error;
    readonly isDown: boolean;
  }
  /** A run is over. */
  | {
    readonly is: "ended";
    readonly child: Child;
    readonly run: number;
    readonly error?: Error | undefined;
    readonly isHung?: boolean;
    /** What its stop failed with, where it, or one below it, took too long. */
    readonly late?: Error | undefined;
  }
  /** A run did not end in its time. */
  | {
    readonly is: "late";
    readonly child: Child;
    readonly run: number;
    readonly error: Error;
  }
  /** A wake of a child is due. */
  | { readonly is: "time"; readonly child: Child }
  /** Calls, which are settled by an effect. */
  | { readonly is: "add"; readonly child: Child; readonly call: number }
  | { readonly is: "remove"; readonly child: Child; readonly call: number }
  | { readonly is: "stop"; readonly child: Child; readonly call: number }
  | { readonly is: "start"; readonly child: Child; readonly call: number }
  | {
    readonly is: "restart";
    readonly child: Child;
    readonly call: number;
    readonly isGroup: boolean;
  };

/** What has happened, when, and a random number from 0 to 1 for a backoff. */
export interface Input {
  readonly event: Event;
  readonly at: number;
  readonly part: number;
}

/** Whether a child may have to wait for a random time after this. */
export function mayWait(event: Event): boolean {
  if (!("child" in event) || event.is === "up") return false;
  const { state, restart } = event.child;
  const isEnd = event.is === "ended" || event.is === "failed" ||
    event.is === "late" || event.is === "time" && state.is !== "wait";
  if (!isEnd || restart === "temporary" && state.is === "up") return false;
  return state.is === "start" || state.is === "up" ||
    state.is === "stop" && state.then.is === "queue";
}
