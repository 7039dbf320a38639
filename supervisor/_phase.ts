/** How the supervisor itself comes up, fails and ends. */

import { type Child, GONE, rest } from "./_child.ts";
import { hasRun, isCut, isGoing, isLeaving, isNew, isPast } from "./_facts.ts";
import { cannot } from "./_messages.ts";
import type { Failure } from "./_tree.ts";
import { giveUp, retire, type Turn } from "./_turn.ts";

/** A child keeps its group from being restarted: the supervisor fails. */
export function hang(
  turn: Turn,
  child: Child,
  cause: Error | undefined,
  ms?: number,
): void {
  const why = ms === undefined
    ? `"${child.name}" did not end`
    : `"${child.name}" did not end within ${ms} ms`;
  const what = `keep "${turn.tree.rules.name}" running`;
  fail(turn, cannot(what, why, cause), true);
}

/** The supervisor fails: all its children end. */
export function fail(turn: Turn, error: Error, isHung = false): void {
  const { stopTimeout } = turn.tree.rules;
  end(turn, turn.now + stopTimeout, { error, isHung });
}

/** All children end. */
export function end(
  turn: Turn,
  until: number,
  failure?: Failure,
  isAsked = false,
): void {
  const { tree } = turn;
  const all = [...tree.children.values()];
  const left = new Set(all.filter(({ state }) => hasRun(state)));
  tree.phase = {
    is: "ending",
    until,
    left,
    failure,
    isAsked,
    late: undefined,
  };
  tree.groups.clear();
  const [down, held] = [rest("new"), rest("held")];
  for (const child of all.reverse()) {
    // It is listed only if it starts.
    const isLost = isLeaving(child) || isNew(child);
    const { state } = child;
    const idle = "then" in state ? state.then : state;
    const isHeld = idle.is === "rest" && idle.why === "held";
    giveUp(turn, child);
    retire(turn, child, isLost ? GONE : isHeld ? held : down, until);
  }
}

/** A significant child has ended by itself. */
export function shutDown(turn: Turn): void {
  const { tree, now } = turn;
  const { autoShutdown, stopTimeout } = tree.rules;
  const { phase } = tree;
  // A start is not cut short: it is looked at when all are up.
  if (phase.is === "starting") phase.hasEnded = true;
  if (phase.is !== "running" || autoShutdown === "never") return;
  const isLeft = autoShutdown === "all" &&
    [...tree.children.values()].some(({ isSignificant, state }) =>
      isSignificant && !(state.is === "rest" && state.why !== "held")
    );
  if (!isLeft) end(turn, now + stopTimeout);
}

/** All that have to be up at the start of the supervisor have been. */
export function checkReady(turn: Turn): void {
  const { tree } = turn;
  const { phase } = tree;
  if (phase.is !== "starting" || phase.left.size > 0) return;
  tree.phase = { is: "running" };
  turn.effects.push({ do: "ready" });
  if (phase.hasEnded) shutDown(turn);
}

/** The run of the supervisor is over once its children are down. */
export function checkOver(turn: Turn): void {
  const { tree } = turn;
  const { phase } = tree;
  if (phase.is !== "ending") return;
  const { left, failure, isAsked, late } = phase;
  // A stop waits for every end; who fails or ends by itself does not wait for
  // those that do not end in their time.
  if (isAsked && left.size > 0) return;
  for (const { state } of left) {
    if (isGoing(state) && (isCut(state) || !isPast(state))) return;
  }
  tree.phase = { is: "down" };
  turn.effects.push({
    do: "over",
    failure: failure ?? lateOf(turn, left),
    late,
  });
}

/** What a supervisor fails with that ended by itself, though not all are down. */
function lateOf(turn: Turn, left: Set<Child>): Failure | undefined {
  if (left.size === 0) return undefined;
  const { name, stopTimeout } = turn.tree.rules;
  const why = `its children did not end within ${stopTimeout} ms`;
  return { error: cannot(`stop "${name}"`, why), isHung: true };
}
