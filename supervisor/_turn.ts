/**
 * What is decided on one input: the tree, the time, and the effects so far. All
 * changes of a child's state happen here.
 */

import { abortError } from "../_internal/errors.ts";
import {
  type Call,
  type Child,
  type Idle,
  NONE,
  type State,
} from "./_child.ts";
import type { Effect, Told } from "./_effect.ts";
import {
  circuitOf,
  hasRun,
  isCut,
  isKept,
  isPast,
  shownOf,
  wakeOf,
} from "./_facts.ts";
import { above, below, unlink } from "./_graph.ts";
import type { Tree } from "./_tree.ts";

/** One input's worth of decisions. */
export interface Turn {
  readonly tree: Tree;
  readonly now: number;
  readonly effects: Effect[];
  /** Those that may have something to do now. */
  readonly todo: Child[];
}

/** A child in messages. */
export function own({ tree }: Turn, child: Child): string {
  return `"${child.name}" of "${tree.rules.name}"`;
}

/** Puts a child into a state: the only place that does. */
export function become(turn: Turn, child: Child, state: State): void {
  const { tree, now, effects, todo } = turn;
  const { state: before } = child;
  const circuit = tree.isObserved ? circuitOf(child) : undefined;
  const wake = wakeOf(child);
  if (before.is === "up" && before.since <= now) {
    const uptime = now - before.since;
    child.uptime += uptime;
    // Of one that falls by itself this is known before its next wait is.
    if (state.is === "last" && uptime >= tree.rules.resetAfter) {
      child.attempts = 0;
    }
  }
  child.state = state;
  if (state.is === "queue" || state.is === "wait" || state.is === "last") {
    todo.push(child);
  }
  const at = wakeOf(child);
  if (at !== wake) effects.push({ do: "wake", child, at });
  if (isKept(state) !== isKept(before)) effects.push({ do: "keep", child });
  const isDown = !hasRun(state);
  const { phase } = tree;
  if (isDown && phase.is === "ending") phase.left.delete(child);
  // Those that waited for its end may end, and those beyond it may start.
  if (child.deps.length > 0 && hasRun(before) && (isDown || isPast(state))) {
    for (const each of below(child)) todo.push(each);
  }
  if (
    child.dependents.length > 0 &&
    (state.is === "up" || state.is === "rest" || state.is === "gone" ||
      state.is === "late" && state.then.is === "gone")
  ) {
    for (const each of above(child)) todo.push(each);
  }
  if (circuit === undefined) return;
  show(turn, child, "child", shownOf(before), shownOf(state));
  show(turn, child, "circuit", circuit, circuitOf(child));
}

function show(
  turn: Turn,
  child: Child,
  type: "child" | "circuit",
  from: string,
  to: string,
): void {
  if (from === to) return;
  const event = { type, child: child.name, from, to };
  turn.effects.push({ do: "tell", event: event as Told });
}

/** Tells observers, where there are any. */
export function tell(turn: Turn, event: Told): void {
  if (turn.tree.isObserved) turn.effects.push({ do: "tell", event });
}

/** What comes after a run has come. */
export function leave(turn: Turn, child: Child, idle: Idle): void {
  const { state } = child;
  if (idle.is === "gone") return remove(turn, child, idle.isBack);
  // Of one that was stopped by hand it need not stay true.
  const mayBe = idle.is !== "rest" || idle.why === "new";
  const isCleared = mayBe && "isCleared" in state && state.isCleared;
  become(turn, child, { ...idle, isCleared });
  answer(turn, child, "down");
}

/** Takes a child out of the list. */
function remove(turn: Turn, child: Child, isBack: boolean): void {
  const { tree, now } = turn;
  const { name, error } = child;
  become(turn, child, { is: "gone", isBack });
  tree.children.delete(name);
  tree.counting.delete(child);
  if (isBack && child.isOriginal) tree.deleted.push(child);
  // Its restarts still count where all are counted together, by the clock.
  const { per, window } = tree.rules;
  if (per === "supervisor") {
    for (const at of child.counted) {
      tree.departed.push(now + window - (child.uptime - at));
    }
  }
  unlink(child);
  turn.effects.push({ do: "gone", child });
  tell(turn, { type: "children", change: "removed", child: name, error });
  answer(turn, child, "down");
  giveUp(turn, child);
}

/** Settles those who wait for a child to be up or down. */
export function answer(
  turn: Turn,
  child: Child,
  what: "up" | "down",
  error?: Error,
): void {
  if (child.calls.length === 0) return;
  const left: Call[] = [];
  for (const call of child.calls) {
    if (call.for !== what) left.push(call);
    else turn.effects.push({ do: "settle", call: call.id, error });
  }
  child.calls = left.length > 0 ? left : NONE;
}

/** Tells those who wait for a child to be up that a stop called it off. */
export function giveUp(turn: Turn, child: Child): void {
  if (child.calls.length === 0) return;
  const why = `Cannot start "${child.name}": a stop called it off`;
  answer(turn, child, "up", abortError(why));
}

/** A child is not to run: it goes down, where it is up, within its time. */
export function retire(
  turn: Turn,
  child: Child,
  then: Idle,
  deadline: number | undefined,
): void {
  const { state } = child;
  switch (state.is) {
    case "start":
    case "up":
      return become(turn, child, {
        is: "last",
        run: state.run,
        was: state.is,
        deadline,
        then,
      });
    case "last":
      return become(turn, child, lastOf(state, deadline, then));
    case "stop":
      // With less time it is asked again, unless it is being killed.
      return become(
        turn,
        child,
        deadline !== undefined && deadline < state.until && !isCut(state)
          ? {
            is: "last",
            run: state.run,
            was: isPast(state) ? "late" : "stop",
            deadline,
            then,
          }
          : stopOf(state, then),
      );
    case "late":
      return become(turn, child, { is: "late", run: state.run, then });
    case "gone":
      return;
    default:
      return leave(turn, child, then);
  }
}

function lastOf(
  { run, was, deadline: before = Infinity }: Extract<State, { is: "last" }>,
  deadline = Infinity,
  then: Idle,
): State {
  // What comes later gives no more time.
  const least = Math.min(before, deadline);
  return {
    is: "last",
    run,
    was,
    deadline: least < Infinity ? least : undefined,
    then,
  };
}

function stopOf(
  state: Extract<State, { is: "stop" }>,
  then: Idle,
): State {
  const { run, ms, until, isCleared, time } = state;
  return { is: "stop", run, ms, until, isCleared, time, then };
}
