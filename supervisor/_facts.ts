/** What follows from the state of a child: nothing of it is kept beside it. */

import type {
  Child,
  Last,
  Late,
  Restart,
  Starting,
  State,
  Stopping,
  Up,
} from "./_child.ts";
import type { ChildState, CircuitState } from "./events.ts";

/** Whether a child has a run. */
export function hasRun(
  state: State,
): state is Starting | Up | Last | Stopping | Late {
  switch (state.is) {
    case "start":
    case "up":
    case "last":
    case "stop":
    case "late":
      return true;
    default:
      return false;
  }
}

/** Whether a child runs, or is going to without being asked. */
export function isKept(state: State): boolean {
  const { is } = "then" in state ? state.then : state;
  return is !== "rest" && is !== "gone";
}

/** Whether a child has a run that is to end, within its time. */
export function isGoing(state: State): state is Last | Stopping {
  return state.is === "last" || state.is === "stop";
}

/** Whether a run has had its time to end, and lives on. */
export function isPast(state: State): boolean {
  return state.is === "late" || state.is === "stop" && state.time !== "own" ||
    state.is === "last" && state.was === "late";
}

/** Whether a run is being killed, as its time is over. */
export function isCut(state: State): boolean {
  return state.is === "stop" && state.time === "kill";
}

/** Whether a child leaves the list as soon as its run has ended. */
export function isLeaving({ state }: Child): boolean {
  return "then" in state && state.then.is === "gone";
}

/** Whether a child is to be listed only if it starts. */
export function isNew({ calls }: Child): boolean {
  return calls.length > 0 && calls.some(({ isAdding }) => isAdding);
}

/** The state as users know it. */
export function shownOf(state: State): ChildState {
  switch (state.is) {
    case "rest":
    case "gone":
      return "stopped";
    case "queue":
    case "wait":
      return "waiting";
    case "start":
      return "starting";
    case "up":
      return "running";
    case "last":
      return state.was === "start"
        ? "starting"
        : state.was === "up"
        ? "running"
        : "stopping";
    case "stop":
    case "late":
      return "stopping";
    default:
      return state satisfies never;
  }
}

/** The restart that a child is the cause of and waits for, also while it ends. */
export function causedBy(child: Child): Restart | undefined {
  const { state } = child;
  const idle = "then" in state ? state.then : state;
  return idle.is === "wait" && idle.restart.cause === child
    ? idle.restart
    : undefined;
}

/** Whether the child may be restarted. */
export function circuitOf(child: Child): CircuitState {
  const { state } = child;
  if (causedBy(child)?.isTrial) return "open";
  const isTrial = (state.is === "queue" || state.is === "start" ||
    state.is === "up") && state.isTrial;
  return isTrial ? state.is === "queue" ? "open" : "half-open" : "closed";
}

/** When something has to be done although nothing has happened; else `Infinity`. */
export function wakeOf(child: Child): number {
  const { state } = child;
  switch (state.is) {
    case "start":
    case "up":
    case "stop":
      return state.until;
    case "wait": {
      const { cause, until } = state.restart;
      // One that is over waits for others to be down alone.
      return cause === child && until > -Infinity ? until : Infinity;
    }
    default:
      return Infinity;
  }
}
