/**
 * What is to be done, and nothing else: data in, data out. There is no promise,
 * timer, clock, random number or callback in here, so that each order of things
 * that can happen can be tried.
 *
 * Why no field of a child contradicts another: see docs/design.md.
 */

import { timeoutError } from "../_internal/errors.ts";
import {
  add,
  halt,
  launch,
  remove,
  restartOne,
  startOne,
  stopOne,
} from "./_asked.ts";
import { type Child, GONE, isCut, isNew, type Stopping } from "./_child.ts";
import {
  checkOver,
  checkReady,
  fallen,
  hang,
  note,
  prove,
  restart,
} from "./_ends.ts";
import { isAwaited, isBlocked, mayEnd } from "./_graph.ts";
import { release } from "./_restarts.ts";
import type { Tree } from "./_tree.ts";
import { answer, become, type Effect, leave, own, type Turn } from "./_turn.ts";

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
export type Input = Event & { readonly at: number; readonly part?: number };

/** What a child gets of the time that is left while others wait for its end. */
const SHARE = 0.9;

/**
 * Decides what follows from an input. The tree is changed in place and returned;
 * the effects are to be performed in their order.
 */
export function decide(
  tree: Tree,
  input: Input,
): { tree: Tree; effects: Effect[] } {
  const turn: Turn = { tree, now: input.at, effects: [], todo: [] };
  take(turn, input);
  settle(turn);
  return { tree, effects: turn.effects };
}

function take(turn: Turn, input: Input): void {
  switch (input.is) {
    case "launch":
      return launch(turn);
    case "halt":
      return halt(turn, input.until);
    case "up":
      return up(turn, input.child, input.run, input.isProven);
    case "proven":
      return proven(turn, input.child, input.run);
    case "failed":
    case "ended":
      return ended(turn, input);
    case "late": {
      const { state } = input.child;
      if (state.is !== "stop" || state.run !== input.run) return;
      // That it was cut is known, and its end is awaited.
      if (isCut(state)) return;
      return late(turn, input.child, state, input.error, input.part);
    }
    case "time":
      return passed(turn, input.child, input.part);
    case "add":
      return add(turn, input.child, input.call);
    case "remove":
      return remove(turn, input.child, input.call);
    case "stop":
      return stopOne(turn, input.child, input.call);
    case "start":
      return startOne(turn, input.child, input.call);
    case "restart":
      return restartOne(turn, input.child, input.call, input.isGroup);
    default:
      return input satisfies never;
  }
}

/** Lets each child that may have something to do, do it. */
function settle(turn: Turn): void {
  const { tree, todo } = turn;
  let next = 0;
  do {
    for (; next < todo.length; next++) kick(turn, todo[next]!);
    for (const restart of tree.groups) release(turn, restart);
  } while (next < todo.length);
  checkReady(turn);
  checkOver(turn);
  if (next < todo.length) settle({ ...turn, todo: todo.slice(next) });
}

function kick(turn: Turn, child: Child): void {
  const { state } = child;
  const { phase } = turn.tree;
  switch (state.is) {
    case "queue":
      if (phase.is !== "starting" && phase.is !== "running") return;
      if (!isBlocked(child)) begin(turn, child);
      return;
    case "wait":
      if (state.restart.cause === child) release(turn, state.restart);
      return;
    case "last": {
      const way = mayEnd(child);
      if (way) ask(turn, child, way === "cleared");
      return;
    }
    default:
      return;
  }
}

/** Starts a run. */
function begin(turn: Turn, child: Child): void {
  const { state, startTimeout } = child;
  if (state.is !== "queue") return;
  const run = ++turn.tree.runs;
  child.starts++;
  const { isTrial, back } = state;
  const until = turn.now + (startTimeout ?? Infinity);
  become(turn, child, { is: "start", run, until, isTrial, back });
  turn.effects.push({ do: "start", child, run });
}

/** Asks a run to end. */
function ask(turn: Turn, child: Child, isCleared: boolean): void {
  const { state, stopTimeout, grace, killTimeout } = child;
  if (state.is !== "last") return;
  const { run, was, deadline, then } = state;
  const time = was === "late" ? "extra" : "own";
  const { rules } = turn.tree;
  let ms = stopTimeout ?? grace ?? rules.stopTimeout;
  if (deadline !== undefined) {
    // In whole milliseconds, as it is said to people.
    const left = Math.ceil(Math.max(0, deadline - turn.now));
    const isShared = time === "own" && isAwaited(child);
    const mayShare = isShared || killTimeout !== undefined;
    let share = mayShare ? Math.floor(left * SHARE) : left;
    // One that is killed is to be over in time, too.
    if (killTimeout && killTimeout < share) share -= killTimeout;
    ms = Math.min(stopTimeout ?? Infinity, share);
  }
  const until = turn.now + ms;
  become(turn, child, { is: "stop", run, ms, until, isCleared, time, then });
  turn.effects.push({ do: "stop", child, run, ms });
}

function up(turn: Turn, child: Child, run: number, isProven: boolean): void {
  const { tree, now } = turn;
  const { state } = child;
  if (state.is === "last" && state.run === run && state.was === "start") {
    const { deadline, then } = state;
    return become(turn, child, { is: "last", run, was: "up", deadline, then });
  }
  if (state.is !== "start" || state.run !== run) return;
  const { isTrial } = state;
  const since = isProven ? now : Infinity;
  const until = isTrial ? since + tree.rules.resetAfter : Infinity;
  become(turn, child, { is: "up", run, since, until, isTrial });
  child.ups++;
  answer(turn, child, "up");
  if (tree.phase.is === "starting") tree.phase.left.delete(child);
}

function proven(turn: Turn, child: Child, run: number): void {
  const { tree, now } = turn;
  const { state } = child;
  if (state.is !== "up" || state.run !== run || state.since <= now) return;
  const { isTrial } = state;
  const until = isTrial ? now + tree.rules.resetAfter : Infinity;
  become(turn, child, { is: "up", run, since: now, until, isTrial });
}

function ended(
  turn: Turn,
  input: Extract<Input, { is: "failed" | "ended" }>,
): void {
  const { child, run, error, part = 1 } = input;
  const { state } = child;
  const isDown = input.is === "ended" || input.isDown;
  if (!("run" in state) || state.run !== run) return;
  if (state.is === "start" || state.is === "up") {
    const isHung = input.is === "ended" && input.isHung === true;
    return fallen(turn, child, state, { error, isDown, isHung, part });
  }
  // It may have failed just as it was asked to end.
  if (error && input.is === "ended") note(turn, child, error);
  if (input.is === "ended" && input.late) overrun(turn, child, input.late);
  if (isDown) leave(turn, child, state.then);
}

/** A stop of the supervisor has taken a child longer than its time. */
function overrun({ tree: { phase } }: Turn, child: Child, error: Error): void {
  if (phase.is === "ending") phase.late ??= { child, error };
}

/** A run did not end in its time. */
function late(
  turn: Turn,
  child: Child,
  state: Stopping,
  error: Error,
  part = 1,
): void {
  const { phase } = turn.tree;
  const { run, ms, then } = state;
  const killTimeout = isCut(state) ? undefined : child.killTimeout;
  const isKilled = killTimeout !== undefined;
  if (isKilled) cut(turn, child, state, killTimeout);
  else become(turn, child, { is: "late", run, then });
  answer(turn, child, "down", error);
  overrun(turn, child, error);
  if (phase.is === "ending" || phase.is === "down") return;
  const why = `stop ${own(turn, child)}`;
  turn.effects.push({ do: "record", error, phase: "stop", child, why });
  if (isKilled) return;
  if (then.is === "wait" && then.restart.members.length > 1) {
    hang(turn, child, error, ms);
  } else if (then.is === "queue" || then.is === "wait") {
    if (isNew(child)) {
      // It was to be listed only if it starts.
      answer(turn, child, "up", error);
      return become(turn, child, { is: "late", run, then: GONE });
    }
    const before = child.calls.length;
    answer(turn, child, "up", error);
    if (child.calls.length === before || then.is === "wait") return;
    // A restart that was asked for has failed.
    child.error = error;
    restart(
      turn,
      child,
      { error, part, isHung: false },
      false,
      (then) => become(turn, child, { is: "late", run, then }),
    );
  }
}

/** A run is killed, as its time is over: what it holds up waits for its end. */
function cut(
  turn: Turn,
  child: Child,
  { run, ms: before, isCleared, then }: Stopping,
  killTimeout: number,
): void {
  const ms = before + killTimeout + turn.tree.rules.killMargin;
  const until = turn.now + ms - before;
  const time = "kill";
  become(turn, child, { is: "stop", run, ms, until, isCleared, time, then });
}

/** It may be time for what a child waits for. */
function passed(turn: Turn, child: Child, part = 1): void {
  const { now, effects } = turn;
  const { state } = child;
  switch (state.is) {
    case "start":
      if (now >= state.until) {
        const why = `it was not ready within ${child.startTimeout} ms`;
        const end = { isDown: false, isHung: false, part };
        fallen(turn, child, state, { error: timeoutError(why), ...end });
      } else effects.push({ do: "wake", child, at: state.until });
      return;
    case "up":
      if (now >= state.until) prove(turn, child, state);
      else effects.push({ do: "wake", child, at: state.until });
      return;
    case "stop":
      if (now >= state.until) {
        const error = timeoutError(`it did not end within ${state.ms} ms`);
        late(turn, child, state, error, part);
      } else effects.push({ do: "wake", child, at: state.until });
      return;
    case "wait":
      if (state.restart.cause !== child) return;
      if (now >= state.restart.until) turn.todo.push(child);
      else effects.push({ do: "wake", child, at: state.restart.until });
      return;
    default:
      return;
  }
}
