/** Copies and keys of worlds: to try each input in the same state, once. */

import type { Child, Idle, Restart, State } from "../../supervisor/_child.ts";
import type { World } from "./world.ts";

/** What nobody changes, so that copies may share it. */
const FIXED = new Set(["rules", "dependsOn", "error"]);

/** A copy in which nothing is shared that may change. */
export function copy<T>(value: T, seen = new Map<object, object>()): T {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known) return known as T;
  if (value instanceof Error) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const each of value) list.push(copy(each, seen));
    return list as T;
  }
  if (value instanceof Map) {
    const map = new Map();
    seen.set(value, map);
    for (const [key, each] of value) map.set(copy(key, seen), copy(each, seen));
    return map as T;
  }
  if (value instanceof Set) {
    const set = new Set();
    seen.set(value, set);
    for (const each of value) set.add(copy(each, seen));
    return set as T;
  }
  const object: Record<string, unknown> = {};
  seen.set(value, object);
  for (const key in value) {
    const each = value[key] as unknown;
    object[key] = FIXED.has(key) ? each : copy(each, seen);
  }
  return object as T;
}

/** All that the future depends on, as a text: times are from now on. */
export function keyOf(world: World): string {
  const { tree, now, runs, open } = world;
  const { phase } = tree;
  const restarts: Restart[] = [];
  const after = (at: number) =>
    at === Infinity || at === -Infinity ? at : at - now;
  const restartOf = (restart: Restart) => {
    let index = restarts.indexOf(restart);
    if (index < 0) index = restarts.push(restart) - 1;
    return index;
  };
  const idleOf = (idle: Idle): string =>
    idle.is === "wait"
      ? `w${restartOf(idle.restart)}${idle.isCleared ? "c" : ""}`
      : idle.is === "gone"
      ? `g${idle.isBack ? 1 : 0}`
      : idle.is === "queue"
      ? `q${idle.isTrial ? 1 : 0}${idle.back ?? ""}${idle.isCleared ? "c" : ""}`
      : `r${idle.why}${idle.isCleared ? "c" : ""}`;
  const stateOf = (state: State): string => {
    switch (state.is) {
      case "start":
        return `s${after(state.until)}${state.isTrial ? 1 : 0}${
          state.back ?? ""
        }`;
      case "up":
        return `u${state.isTrial ? after(state.until) : ""}`;
      case "last":
        return `l${state.was}${
          state.deadline === undefined ? "" : after(state.deadline)
        }${idleOf(state.then)}`;
      case "stop":
        return `p${after(state.until)}${state.isCleared ? 1 : 0}${
          state.time[0]
        }${idleOf(state.then)}`;
      case "late":
        return `x${idleOf(state.then)}`;
      default:
        return idleOf(state);
    }
  };
  const parts: string[] = [];
  const childOf = (child: Child) => {
    const run = runs.get(child);
    const up = child.state.is === "up" ? now - child.state.since : 0;
    const total = child.uptime + up;
    const counted = child.counted.map((at) =>
      Math.min(total - at, tree.rules.window)
    ).filter((each) => each < tree.rules.window);
    const wake = world.wakes.get(child);
    parts.push(
      child.name,
      stateOf(child.state),
      `${child.ups > 0 ? 1 : 0}${run ? run.isUp ? 2 : 1 : 0}`,
      counted.join("."),
      child.calls.map((call) => `${call.for[0]}${call.isAdding ? 1 : 0}`).join(
        "",
      ),
      child.deps.map(({ name }) => name).join(""),
      wake === undefined ? "" : `${after(wake)}`,
      // Only where it may still matter how long it has been up.
      child.state.is === "up" && counted.length > 0 ? `${Math.min(up, 9)}` : "",
    );
  };
  for (const child of tree.children.values()) childOf(child);
  parts.push("|", phase.is);
  if (phase.is === "starting") {
    parts.push(
      [...phase.left].map(({ name }) => name).join(""),
      `${phase.hasEnded}`,
    );
  }
  if (phase.is === "ending") {
    parts.push(
      `${after(phase.until)}${phase.isAsked}${!!phase.failure}`,
    );
  }
  parts.push(tree.deleted.map(({ name }) => name).join(""));
  for (let index = 0; index < restarts.length; index++) {
    const restart = restarts[index]!;
    parts.push(
      restart.cause.name,
      restart.members.map(({ name }) => name).join(""),
      `${restart.down}${restart.isTrial}${after(restart.until)}`,
    );
  }
  parts.push(
    open.map(({ is, child, at }) => `${is}${child.name}${now - at}`).join(),
    world.groups.map(({ members, up }) =>
      `${members.map((each) => each.name).join("")}:${
        [...up].map((each) => each.name).join("")
      }`
    ).join(),
  );
  return parts.join(" ");
}
