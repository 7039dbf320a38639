/** What follows when a child, or the supervisor, ends or fails. */

import {
  type Child,
  ENDED,
  GONE,
  type Idle,
  rest,
  type Starting,
  type Up,
} from "./_child.ts";
import { isNew } from "./_facts.ts";
import { cannot } from "./_messages.ts";
import { fail, hang, shutDown } from "./_phase.ts";
import { count, delayOf, forget, plan, restartsOf } from "./_restarts.ts";
import { answer, become, leave, own, type Turn } from "./_turn.ts";

/** How a run ended by itself. */
export interface End {
  /** What it failed with; absent where it ended cleanly. */
  readonly error: Error | undefined;
  /** Whether it is over; where not, it has to be asked to end. */
  readonly isDown: boolean;
  /** Whether something below it has not ended, so that it cannot start again. */
  readonly isHung: boolean;
  /** A random number from 0 to 1, for the backoff. */
  readonly part: number;
}

/** Keeps what a child failed with. */
export function note(turn: Turn, child: Child, error: Error): void {
  const { phase } = turn.tree;
  const { effects } = turn;
  child.error = error;
  if (phase.is !== "ending" && phase.is !== "down") {
    const why = `keep ${own(turn, child)} running`;
    effects.push({ do: "record", error, phase: "start", child, why });
    return;
  }
  // One that fails as it ends with the others fails the run, as it would alone.
  const why = `stop ${own(turn, child)}`;
  const isFailure = phase.is === "ending" && !phase.failure;
  effects.push({ do: "record", error, phase: "stop", child, why, isFailure });
}

/** A run has ended that was not asked to, or did not get up. */
export function fallen(
  turn: Turn,
  child: Child,
  state: Starting | Up,
  end: End,
): void {
  const { tree, now } = turn;
  const { error, isDown } = end;
  const isFirst = state.is === "start" && child.ups === 0;
  if (state.is === "up" && now - state.since >= tree.rules.resetAfter) {
    child.attempts = 0;
  }
  const put = (then: Idle) => {
    if (isDown) return leave(turn, child, then);
    const { run } = state;
    const was = state.is;
    become(turn, child, { is: "last", run, was, deadline: undefined, then });
  };
  if (isFirst && error && fallenFirst(turn, child, end, put)) return;
  if (error) note(turn, child, error);
  if (state.is === "start") {
    answer(turn, child, "up", error);
    // It was down before it was asked to start, and is so again.
    if (state.back) return put(rest(state.back));
  }
  if (
    child.restart === "permanent" || child.restart === "transient" && error
  ) return restart(turn, child, end, state.isTrial, put);
  put(child.restart === "temporary" ? ENDED : rest("done"));
  if (child.isSignificant) shutDown(turn);
}

/** The first start of a child has failed; whether that is dealt with here. */
function fallenFirst(
  turn: Turn,
  child: Child,
  { error, part }: End,
  put: (then: Idle) => void,
): boolean {
  const { phase } = turn.tree;
  const isAwaited = phase.is === "starting" && phase.left.has(child);
  if (!isAwaited && !isNew(child)) return false;
  const failure = error!;
  if (child.firstStart === "retry") {
    note(turn, child, failure);
    const delay = delayOf(turn, child, part);
    plan(turn, child, {
      delay,
      isTrial: false,
      isGroup: false,
      error: failure,
    }, put);
  } else if (isAwaited) {
    const what = `start ${own(turn, child)}`;
    child.error = failure;
    put(rest("new"));
    fail(turn, cannot(what, failure.message, failure));
  } else {
    child.error = failure;
    answer(turn, child, "up", failure);
    put(GONE);
  }
  return true;
}

/** A child is to be started again: after its backoff, or not at all. */
export function restart(
  turn: Turn,
  child: Child,
  { error, part, isHung }: Pick<End, "error" | "part" | "isHung">,
  isTrial: boolean,
  put: (then: Idle) => void,
): void {
  const { name, restarts, window, then, coolDown } = turn.tree.rules;
  const isFull = restartsOf(turn, child) >= restarts;
  if (!isHung && !isTrial && !isFull) {
    const delay = delayOf(turn, child, part);
    count(turn, child);
    return checkHung(
      turn,
      plan(turn, child, {
        delay,
        isTrial: false,
        isGroup: true,
        error,
      }, put).members.length > 1,
      child,
    );
  }
  if (then === "break") {
    plan(turn, child, {
      delay: coolDown,
      isTrial: true,
      isGroup: true,
      error,
    }, put);
    return;
  }
  put(rest("done"));
  const why = isHung
    ? `"${child.name}" cannot be started again: ${error?.message}`
    : `"${child.name}" ended after ${restarts} restarts within ${window} ms`;
  fail(turn, cannot(`keep "${name}" running`, why, error), isHung);
}

/** A group whose cause did not end in its time does not start again. */
function checkHung(turn: Turn, isGroup: boolean, child: Child): void {
  if (isGroup && child.state.is === "late") hang(turn, child, undefined);
}

/** A trial has proved itself: its circuit closes. */
export function prove(turn: Turn, child: Child, state: Up): void {
  const { run } = state;
  // What it has been up so far is counted as it becomes this.
  const since = turn.now;
  become(turn, child, {
    is: "up",
    run,
    since,
    until: Infinity,
    isTrial: false,
  });
  forget(turn, child);
}
