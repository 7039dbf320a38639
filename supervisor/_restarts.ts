/** Which children are restarted, when, and how often. */

import {
  type Child,
  ENDED,
  type Idle,
  type Queued,
  queued,
  type Restart,
  type Waiting,
} from "./_child.ts";
import { hasRun, isLeaving, wakeOf } from "./_facts.ts";
import { reach } from "./_graph.ts";
import type { Tree } from "./_tree.ts";
import { become, retire, tell, type Turn } from "./_turn.ts";

/** Waits for a restart. */
export function waiting(restart: Restart): Waiting {
  return { is: "wait", restart, isCleared: false };
}

/** How long a child has been up in all. */
function uptimeOf({ state, uptime }: Child, now: number): number {
  return state.is === "up" && state.since < now
    ? uptime + now - state.since
    : uptime;
}

/** How many of a child's restarts count; those that do not are forgotten. */
function countOf(turn: Turn, child: Child): number {
  const since = uptimeOf(child, turn.now) - turn.tree.rules.window;
  child.counted = child.counted.filter((at) => at > since);
  return child.counted.length;
}

/** How many restarts count against one more of a child. */
export function restartsOf(turn: Turn, child: Child): number {
  const { tree, now } = turn;
  if (tree.rules.per === "child") return countOf(turn, child);
  tree.departed = tree.departed.filter((until) => until > now);
  let count = tree.departed.length;
  for (const each of tree.counting) {
    const own = countOf(turn, each);
    if (own === 0) tree.counting.delete(each);
    count += own;
  }
  return count;
}

/** Counts a restart of a child. */
export function count(turn: Turn, child: Child): void {
  child.counted = [...child.counted, uptimeOf(child, turn.now)];
  turn.tree.counting.add(child);
}

/** Forgets the restarts of a child that has proved itself. */
export function forget({ tree }: Turn, child: Child): void {
  child.counted = [];
  child.attempts = 0;
  tree.counting.delete(child);
}

/**
 * How long a child waits before its next restart: a random part of a bound which
 * grows with each failure in a row.
 */
export function delayOf({ tree }: Turn, child: Child, part: number): number {
  const { initial, factor, max } = tree.rules;
  const bound = Math.min(initial * factor ** child.attempts++, max);
  // Anything but a number from 0 to 1 would make a storm or a standstill.
  const isPart = part >= 0;
  return Math.floor((isPart ? Math.min(part, 1) : 0) * bound) || 1;
}

/** Whether a child that a group restart takes down comes back with it. */
function returns(each: Child, cause: Child): boolean {
  return each === cause || each.restart !== "temporary" || each.ups === 0 ||
    // Somebody waits for it to be up again.
    each.calls.some((call) => call.for === "up");
}

/** Whether a child belongs to a restart that is planned already. */
function isPlanned({ state }: Child): boolean {
  const idle = "then" in state ? state.then : state;
  return idle.is === "wait";
}

/** Whether a child was stopped by hand, and stays so. */
function isHeld({ state }: Child): boolean {
  const idle = "then" in state ? state.then : state;
  return idle.is === "rest" && idle.why === "held";
}

/** All that a restart of a child takes with it, in the order of the list. */
function groupOf(tree: Tree, cause: Child, isGroup: boolean): Child[] {
  const { strategy } = tree.rules;
  if (!isGroup || strategy === "one-for-one") return [cause];
  const reached = strategy === "one-for-all" ? undefined : reach(cause);
  if (reached?.size === 1) return [cause];
  return [...tree.children.values()].filter((each) =>
    each === cause ||
    (!reached || reached.has(each)) && !isLeaving(each) && !isHeld(each)
  );
}

/** A restart as it is planned. */
export interface Plan {
  readonly delay: number;
  readonly isTrial: boolean;
  /** Whether the strategy says who is restarted; else the child is, alone. */
  readonly isGroup: boolean;
  readonly error: Error | undefined;
}

/**
 * Plans the restart of a child and, where the strategy says so, of others. The
 * child itself is put into its new state by `put`, the others go down.
 */
export function plan(
  turn: Turn,
  cause: Child,
  { delay, isTrial, isGroup, error }: Plan,
  put: (then: Idle) => void,
): Restart {
  const { tree, now } = turn;
  const members = groupOf(tree, cause, isGroup);
  const restart: Restart = {
    cause,
    members,
    down: 0,
    until: now + delay,
    isTrial,
  };
  if (members.length > 1) tree.groups.add(restart);
  // One that another restart has taken down comes back with that.
  const others = members.filter((each) => each !== cause && !isPlanned(each));
  put(waiting(restart));
  if (tree.isObserved) {
    const children = members.filter((each) =>
      each === cause || others.includes(each) && returns(each, cause)
    ).map(({ name }) => name);
    tell(turn, { type: "restart", child: cause.name, children, delay, error });
  }
  for (const each of others.reverse()) {
    const then: Idle = returns(each, cause) ? waiting(restart) : ENDED;
    // One that did not end in its time before has it once more.
    if (each.state.is === "late") again(turn, each, then);
    else retire(turn, each, then, undefined);
  }
  return restart;
}

/**
 * How a child that is to start waits for that: with its group, where one is on its
 * way that it is a part of.
 */
export function coming(
  { tree }: Turn,
  child: Child,
  back?: "new" | "done" | "held",
  isTrial = false,
): Queued | Waiting {
  const isAll = tree.rules.strategy === "one-for-all";
  const group = [...tree.groups].find(({ members }) =>
    isAll || members.includes(child)
  );
  if (!group) return queued(back, isTrial);
  if (!group.members.includes(child)) group.members.push(child);
  return waiting(group);
}

/**
 * Asks a run to end that did not do so in its time. Where all are to end, those
 * that it depends on do not wait for it once more: the stop keeps its budget.
 */
export function again(
  turn: Turn,
  child: Child,
  then: Idle,
  deadline?: number,
): void {
  const { state } = child;
  if (!hasRun(state)) return;
  const { run } = state;
  const { is } = turn.tree.phase;
  const was = is === "starting" || is === "running" ? "stop" : "late";
  become(turn, child, { is: "last", run, was, deadline, then });
}

/** Ends the wait of a restart. */
export function hurry(turn: Turn, restart: Restart): void {
  const { cause } = restart;
  const isArmed = wakeOf(cause) === restart.until;
  restart.until = -Infinity;
  turn.todo.push(cause);
  if (!isArmed || cause.state.is !== "wait") return;
  turn.effects.push({ do: "wake", child: cause, at: Infinity });
}

/** Lets those start that wait for a restart, if it is time and all are down. */
export function release(turn: Turn, restart: Restart): void {
  const { cause, members, until, isTrial } = restart;
  if (turn.now < until) return;
  // None that is down comes up before.
  while (restart.down < members.length) {
    if (hasRun(members[restart.down]!.state)) return;
    restart.down++;
  }
  turn.tree.groups.delete(restart);
  for (const each of members) {
    const { state } = each;
    if (state.is !== "wait" || state.restart !== restart) continue;
    const isOwn = isTrial && each === cause;
    if (members.length === 1) {
      become(turn, each, coming(turn, each, undefined, isOwn));
    } else {
      const { isCleared } = state;
      become(turn, each, { ...queued(undefined, isOwn), isCleared });
    }
  }
}
