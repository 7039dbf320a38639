/** What follows when a run does not end in its time. */

import { type Child, GONE, type Stopping } from "./_child.ts";
import { restart } from "./_ends.ts";
import { isCut, isNew } from "./_facts.ts";
import { hang } from "./_phase.ts";
import { answer, become, own, type Turn } from "./_turn.ts";

/** A stop has taken a child longer than its time. */
export function overrun(turn: Turn, child: Child, error: Error): void {
  const { phase } = turn.tree;
  if (phase.is === "ending") phase.late ??= { child, error };
  if (phase.is === "ending" || phase.is === "down") return;
  const why = `stop ${own(turn, child)}`;
  turn.effects.push({ do: "record", error, phase: "stop", child, why });
}

/** A run did not end in its time. */
export function late(
  turn: Turn,
  child: Child,
  state: Stopping,
  error: Error,
  part: number,
): void {
  const { phase } = turn.tree;
  const { run, ms, then } = state;
  const killTimeout = isCut(state) ? undefined : child.killTimeout;
  const isKilled = killTimeout !== undefined;
  if (isKilled) cut(turn, child, state, killTimeout);
  else become(turn, child, { is: "late", run, then });
  answer(turn, child, "down", error);
  overrun(turn, child, error);
  if (phase.is === "ending" || phase.is === "down" || isKilled) return;
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
