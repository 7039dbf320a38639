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
import type { Child } from "./_child.ts";
import type { Effect } from "./_effect.ts";
import { fallen, note, prove } from "./_ends.ts";
import { isCut } from "./_facts.ts";
import { isAwaited, isBlocked, mayEnd } from "./_graph.ts";
import type { Event, Input } from "./_input.ts";
import { late, overrun } from "./_late.ts";
import { checkOver, checkReady } from "./_phase.ts";
import { release } from "./_restarts.ts";
import type { Tree } from "./_tree.ts";
import { answer, become, leave, type Turn } from "./_turn.ts";

/** What a child gets of the time that is left while others wait for its end. */
const SHARE = 0.9;

/**
 * Decides what follows from an input. The tree is changed in place and returned;
 * the effects are to be performed in their order.
 *
 * @param effects Those that have still to be performed, to which more are added.
 */
export function decide(
  tree: Tree,
  { event, at, part }: Input,
  effects: Effect[] = [],
): { tree: Tree; effects: Effect[] } {
  const turn: Turn = { tree, now: at, effects, todo: [] };
  take(turn, event, part);
  settle(turn);
  return { tree, effects };
}

function take(turn: Turn, event: Event, part: number): void {
  switch (event.is) {
    case "launch":
      return launch(turn);
    case "halt":
      return halt(turn, event.until);
    case "up":
      return up(turn, event.child, event.run, event.isProven);
    case "proven":
      return proven(turn, event.child, event.run);
    case "failed":
    case "ended":
      return ended(turn, event, part);
    case "late": {
      const { state } = event.child;
      if (state.is !== "stop" || state.run !== event.run) return;
      // That it was cut is known, and its end is awaited.
      if (isCut(state)) return;
      return late(turn, event.child, state, event.error, part);
    }
    case "time":
      return passed(turn, event.child, part);
    case "add":
      return add(turn, event.child, event.call);
    case "remove":
      return remove(turn, event.child, event.call);
    case "stop":
      return stopOne(turn, event.child, event.call);
    case "start":
      return startOne(turn, event.child, event.call);
    case "restart":
      return restartOne(turn, event.child, event.call, event.isGroup);
    default:
      return event satisfies never;
  }
}

/** Lets each child that may have something to do, do it. */
function settle(turn: Turn): void {
  const { tree, todo } = turn;
  let next = 0;
  do {
    do {
      for (; next < todo.length; next++) kick(turn, todo[next]!);
      for (const restart of tree.groups) release(turn, restart);
    } while (next < todo.length);
    checkReady(turn);
    checkOver(turn);
  } while (next < todo.length);
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
  event: Extract<Event, { is: "failed" | "ended" }>,
  part: number,
): void {
  const { child, run, error } = event;
  const { state } = child;
  const isDown = event.is === "ended" || event.isDown;
  if (!("run" in state) || state.run !== run) return;
  if (state.is === "start" || state.is === "up") {
    const isHung = event.is === "ended" && event.isHung === true;
    return fallen(turn, child, state, { error, isDown, isHung, part });
  }
  if (event.is === "ended" && event.late) {
    child.error = event.late;
    overrun(turn, child, event.late);
  } else if (error && (event.is === "ended" || isDown && !isCalledOff(error))) {
    // It failed just as it was asked to end, or as it ended.
    note(turn, child, error);
  }
  if (isDown) leave(turn, child, state.then);
}

/** Whether a start says no more than that it was not to go on. */
function isCalledOff({ name }: Error): boolean {
  return name === "AbortError";
}

/** It may be time for what a child waits for. */
function passed(turn: Turn, child: Child, part: number): void {
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
