/** What somebody has asked for: of the supervisor, or of one of its children. */

import {
  type Call,
  type Child,
  GONE,
  type Idle,
  queued,
  rest,
  type Restart,
} from "./_child.ts";
import { causedBy, hasRun, isLeaving } from "./_facts.ts";
import { names, reach } from "./_graph.ts";
import { cannot } from "./_messages.ts";
import { end, fail } from "./_phase.ts";
import { again, coming, hurry, plan, waiting } from "./_restarts.ts";
import { list, renew } from "./_tree.ts";
import {
  become,
  giveUp,
  leave,
  own,
  retire,
  tell,
  type Turn,
} from "./_turn.ts";

/** The supervisor starts. */
export function launch(turn: Turn): void {
  const { tree } = turn;
  for (const { name } of renew(`start "${tree.rules.name}"`, tree)) {
    tell(turn, {
      type: "children",
      change: "added",
      child: name,
      error: undefined,
    });
  }
  const all = [...tree.children.values()].filter((child) => !isLeaving(child));
  const left = new Set<Child>();
  tree.phase = { is: "starting", left, hasEnded: false };
  const old = all.find(({ state }) => hasRun(state));
  if (old) {
    const why = "its run before has not ended";
    return fail(turn, cannot(`start ${own(turn, old)}`, why), true);
  }
  // Those that depend on one that was stopped by hand start with that.
  const without = new Set(
    all.filter(isHeld).flatMap((child) => [
      ...reach(child, true),
    ]),
  );
  for (const child of all) {
    if (!without.has(child)) left.add(child);
    if (!isHeld(child)) become(turn, child, queued());
  }
}

/** It stops. */
export function halt(turn: Turn, until: number): void {
  const { phase } = turn.tree;
  if (phase.is === "ending") phase.isAsked = true;
  else if (phase.is !== "down") end(turn, until, undefined, true);
}

function isHeld({ state }: Child): boolean {
  return state.is === "rest" && state.why === "held";
}

function isUp({ tree: { phase } }: Turn): boolean {
  return phase.is === "starting" || phase.is === "running";
}

function wait(child: Child, id: number, what: Call["for"]): void {
  child.calls = [...child.calls, { id, for: what, isAdding: false }];
}

function done({ effects }: Turn, call: number, error?: Error): void {
  effects.push({ do: "settle", call, error });
}

/** A start of the supervisor waits for a child no more. */
function excuse(turn: Turn, child: Child): void {
  const { phase } = turn.tree;
  if (phase.is === "starting") phase.left.delete(child);
}

export function add(turn: Turn, child: Child, call: number): void {
  const { tree } = turn;
  try {
    list(`add a child to "${tree.rules.name}"`, tree, child);
  } catch (error) {
    return done(turn, call, error as Error);
  }
  const change = "added";
  tell(turn, { type: "children", change, child: child.name, error: undefined });
  if (!isUp(turn)) return done(turn, call);
  child.calls = [{ id: call, for: "up", isAdding: true }];
  become(turn, child, coming(turn, child));
}

export function remove(turn: Turn, child: Child, call: number): void {
  const { tree, now } = turn;
  const other = child.dependents.find((each) => names(each, child));
  // Of one that is about to leave, those may that have come back since.
  if (other && !isLeaving(child)) {
    const why = `"${other.name}" depends on it`;
    return done(turn, call, cannot(`remove ${own(turn, child)}`, why));
  }
  wait(child, call, "down");
  excuse(turn, child);
  if (isLeaving(child) && child.state.is !== "late") return;
  takeDown(turn, child, GONE, now + tree.rules.stopTimeout);
}

/** Takes a child down, and with it the restart that it is the cause of. */
function takeDown(
  turn: Turn,
  child: Child,
  then: Idle,
  deadline: number,
): void {
  const restart = causedBy(child);
  giveUp(turn, child);
  if (child.state.is === "late") again(turn, child, then, deadline);
  else retire(turn, child, then, deadline);
  if (restart) hurry(turn, restart);
}

export function stopOne(turn: Turn, child: Child, call: number): void {
  const { tree, now } = turn;
  if (isLeaving(child)) {
    const why = "it is about to leave";
    return done(turn, call, cannot(`stop ${own(turn, child)}`, why));
  }
  const deadline = now + tree.rules.stopTimeout;
  wait(child, call, "down");
  if (isUp(turn)) {
    for (const each of [...reach(child, true)].reverse()) {
      excuse(turn, each);
      const { is } = each.state;
      if (each === child || is !== "start" && is !== "up") continue;
      retire(turn, each, queued(), deadline);
    }
  }
  takeDown(turn, child, rest("held"), deadline);
}

export function startOne(turn: Turn, child: Child, call: number): void {
  const { state } = child;
  if (isLeaving(child)) {
    const why = "it is about to leave";
    return done(turn, call, cannot(`start ${own(turn, child)}`, why));
  }
  if (!isUp(turn)) {
    // It is started with the others.
    if (isHeld(child)) become(turn, child, rest("new"));
    return done(turn, call);
  }
  if (state.is === "up") return done(turn, call);
  wait(child, call, "up");
  if (state.is === "rest") become(turn, child, coming(turn, child, state.why));
  else if (
    state.is === "late" || "then" in state && state.then.is === "rest"
  ) down(turn, child, coming(turn, child));
}

/** Takes a child down within a time of its own, also one that is late. */
function down(turn: Turn, child: Child, then: Idle): void {
  if (child.state.is === "late") again(turn, child, then);
  else retire(turn, child, then, undefined);
}

export function restartOne(
  turn: Turn,
  child: Child,
  call: number,
  isGroup: boolean,
): void {
  const { state } = child;
  if (!isUp(turn) || isLeaving(child)) {
    const why = "it is not to run";
    return done(turn, call, cannot(`restart ${own(turn, child)}`, why));
  }
  wait(child, call, "up");
  child.attempts = 0;
  // One that did not end in its time is asked to once more.
  if (state.is === "late") return down(turn, child, coming(turn, child));
  const restart = causedBy(child);
  if (restart) return hurryByHand(turn, restart);
  const idle = "then" in state ? state.then : state;
  // Another's restart that has taken it down brings it back, too.
  if (idle.is === "wait") return;
  if (state.is === "rest") {
    return become(turn, child, coming(turn, child, state.why));
  }
  if (idle.is === "queue") {
    if (state.is === "queue") {
      // Its circuit is closed.
      become(turn, child, { ...state, isTrial: false });
    }
    return;
  }
  // A group that is on its way takes it along.
  const next = coming(turn, child);
  if (next.is === "wait") return down(turn, child, next);
  plan(turn, child, {
    delay: 0,
    isTrial: false,
    isGroup,
    error: undefined,
  }, (then) => {
    // Alone it is no group that waits.
    const isAlone = then.is !== "wait" || then.restart.members.length === 1;
    down(turn, child, isAlone ? queued() : then);
  });
}

/** A restart that waits is made now, and its circuit closes. */
function hurryByHand(turn: Turn, restart: Restart): void {
  if (restart.isTrial) {
    const closed = { ...restart, isTrial: false };
    const { groups } = turn.tree;
    if (groups.delete(restart)) groups.add(closed);
    for (const each of restart.members) {
      const { state } = each;
      const idle = "then" in state ? state.then : state;
      if (idle.is !== "wait" || idle.restart !== restart) continue;
      const then = waiting(closed);
      if ("then" in state) retire(turn, each, then, undefined);
      else leave(turn, each, then);
    }
    return hurry(turn, closed);
  }
  hurry(turn, restart);
}
