/**
 * A tree and what there is around it: which runs live, what is armed, who waits.
 * Each input is decided on, and each effect is held against what was promised.
 */

import { type Child, childOf } from "../../supervisor/_child.ts";
import { decide } from "../../supervisor/_decide.ts";
import type { Effect } from "../../supervisor/_effect.ts";
import {
  circuitOf,
  hasRun,
  isCut,
  isGoing,
  isLeaving,
  isPast,
  shownOf,
  wakeOf,
} from "../../supervisor/_facts.ts";
import type { Event } from "../../supervisor/_input.ts";
import type { Tree } from "../../supervisor/_tree.ts";
import { TIMES } from "./trees.ts";

/** A call that has not been settled. */
interface Open {
  readonly id: number;
  readonly is: string;
  readonly child: Child;
  readonly at: number;
}

/** A restart of a group: none starts before these are down. */
interface Group {
  readonly members: readonly Child[];
  readonly up: Set<Child>;
}

/** All that there is. */
export interface World {
  tree: Tree;
  now: number;
  /** The run of each child that lives, and whether it has been up. */
  runs: Map<Child, { run: number; isUp: boolean }>;
  wakes: Map<Child, number>;
  open: Open[];
  groups: Group[];
  /** What observers were told of each child. */
  told: Map<Child, { state: string; circuit: string }>;
  calls: number;
  /** Whether the supervisor has said that it is ready, and whether it is over. */
  isReady: boolean;
  isOver: boolean;
}

export class Broken extends Error {}

function check(isRight: boolean, what: string): void {
  if (!isRight) throw new Broken(what);
}

export function worldOf(tree: Tree): World {
  const told = new Map(
    [...tree.children.values()].map((child) => [
      child,
      { state: "stopped", circuit: "closed" },
    ]),
  );
  return {
    tree,
    now: 0,
    runs: new Map(),
    wakes: new Map(),
    open: [],
    groups: [],
    told,
    calls: 0,
    isReady: false,
    isOver: true,
  };
}

/** What can happen, by the names of children, so that it fits any copy. */
export interface Move {
  readonly is: Event["is"] | "pass";
  readonly name?: string;
  readonly how?: string;
}

/** All that can happen now. */
export function moves(world: World): Move[] {
  const { tree, runs, wakes, now } = world;
  const all: Move[] = [];
  const { phase } = tree;
  const isUp = phase.is === "starting" || phase.is === "running";
  if (phase.is === "down") all.push({ is: "launch" });
  else if (isUp || phase.is === "ending" && !phase.isAsked) {
    all.push({ is: "halt" });
  }
  for (const child of new Set([...tree.children.values(), ...runs.keys()])) {
    const { name, state } = child;
    const run = runs.get(child);
    if (run) {
      if (!run.isUp && (state.is === "start" || state.is === "last")) {
        all.push({ is: "up", name });
      }
      if (!run.isUp) {
        all.push({ is: "failed", name, how: "down" });
        if (state.is === "start") {
          all.push({ is: "failed", name, how: "lives" });
        }
      } else {
        all.push({ is: "ended", name, how: "failed" });
      }
      if (run.isUp || isGoing(state) || state.is === "late") {
        all.push({ is: "ended", name, how: "clean" });
      }
    }
    if (tree.children.get(name) !== child) continue;
    all.push({ is: "stop", name }, { is: "remove", name });
    if (!isUp) continue;
    all.push({ is: "restart", name, how: "alone" });
    if (tree.rules.strategy !== "one-for-one") {
      all.push({ is: "restart", name, how: "group" });
    }
    if (state.is !== "up") all.push({ is: "start", name });
  }
  const next = Math.min(...wakes.values());
  for (const [child, at] of wakes) {
    if (at === next) all.push({ is: "time", name: child.name });
  }
  if (next > now + TIMES.window) all.push({ is: "pass" });
  if (isUp && tree.children.size < 3 && !tree.children.has("x")) {
    all.push({ is: "add", name: "x" });
  }
  return all;
}

/** The event that a move is in a world. */
function eventOf(world: World, move: Move): Event | undefined {
  const { tree, runs, now } = world;
  const child = tree.children.get(move.name ?? "") ??
    [...runs.keys()].find(({ name }) => name === move.name);
  const run = child && runs.get(child)?.run;
  const call = world.calls + 1;
  switch (move.is) {
    case "pass":
      return undefined;
    case "launch":
      return { is: "launch" };
    case "halt":
      return { is: "halt", until: now + TIMES.stopTimeout };
    case "up":
      return { is: "up", child: child!, run: run!, isProven: true };
    case "failed": {
      const isDown = move.how === "down";
      return { is: "failed", child: child!, run: run!, error: LOST, isDown };
    }
    case "ended":
      return {
        is: "ended",
        child: child!,
        run: run!,
        error: move.how === "failed" ? LOST : undefined,
      };
    case "time":
      return { is: "time", child: child! };
    case "restart": {
      const isGroup = move.how === "group";
      return { is: "restart", child: child!, call, isGroup };
    }
    case "add":
      return {
        is: "add",
        call,
        child: childOf(
          {
            name: "x",
            restart: "transient",
            dependsOn: undefined,
            startTimeout: undefined,
            stopTimeout: undefined,
            firstStart: "fail",
            isSignificant: false,
          },
          tree.places,
          false,
        ),
      };
    case "remove":
    case "stop":
    case "start":
      return { is: move.is, child: child!, call };
    default:
      throw new Error(`No such move: ${move.is}`);
  }
}

const LOST = new Error("lost");

/** Makes a move; throws what is wrong with what was decided. */
export function make(world: World, move: Move): void {
  const { tree, wakes } = world;
  if (move.is === "pass") {
    world.now += TIMES.window;
    return;
  }
  const event = eventOf(world, move)!;
  if (event.is === "time") {
    world.now = Math.max(world.now, wakes.get(event.child)!);
    wakes.delete(event.child);
  }
  if (event.is === "ended" || event.is === "failed" && event.isDown) {
    ended(world, event.child);
  } else if (event.is === "up") world.runs.get(event.child)!.isUp = true;
  if (event.is === "launch") world.isReady = world.isOver = false;
  if ("call" in event) {
    world.calls++;
    const { is, child, call: id } = event;
    world.open.push({ id, is, child, at: world.now });
  }
  const before = intensity(tree);
  const { effects } = decide(tree, { event, at: world.now, part: 1 });
  for (const effect of effects) perform(world, effect);
  checkAll(world);
  checkEscalation(world, event, before);
}

function ended(world: World, child: Child): void {
  world.runs.delete(child);
  for (const group of world.groups) group.up.delete(child);
}

function perform(world: World, effect: Effect): void {
  const { tree, runs, wakes, told, now } = world;
  switch (effect.do) {
    case "start": {
      const { child, run } = effect;
      const { name } = child;
      check(!runs.has(child), `${name} has two runs`);
      // One that is called off at once is never launched.
      const isStart = child.state.is === "start";
      check(tree.phase.is !== "ending" || !isStart, `${name} starts in a stop`);
      for (const dep of child.dependsOn ?? []) {
        const state = tree.children.get(dep)?.state;
        const isPassed = !state || state.is === "up" ||
          state.is === "rest" && state.why !== "held" ||
          "then" in state && state.then.is === "gone" && state.is === "late";
        check(isPassed, `${name} starts before ${dep}`);
      }
      for (const group of world.groups) {
        const isIn = tree.rules.strategy === "one-for-all" ||
          group.members.includes(child);
        if (!isIn) continue;
        const up = [...group.up].map((each) => each.name).join();
        check(up === "", `${name} starts while ${up} of its group is up`);
      }
      runs.set(child, { run, isUp: false });
      return;
    }
    case "stop": {
      const { child, ms } = effect;
      check(runs.has(child), `${child.name} has no run to stop`);
      check(ms >= 0 && ms <= TIMES.stopTimeout, `${child.name} has ${ms} ms`);
      check(!isKilled(child), `${child.name} is stopped while it is killed`);
      const isAll = tree.phase.is === "ending";
      for (const each of tree.children.values()) {
        if (!(each.dependsOn ?? []).includes(child.name)) continue;
        if (!runs.has(each) || isPast(each.state)) continue;
        const isBefore = isAll || isGoing(each.state);
        check(!isBefore, `${child.name} is stopped before ${each.name}`);
      }
      return;
    }
    case "wake":
      if (effect.at === Infinity) wakes.delete(effect.child);
      else wakes.set(effect.child, Math.max(effect.at, now));
      return;
    case "settle": {
      const index = world.open.findIndex(({ id }) => id === effect.call);
      check(index >= 0, "a call is settled twice");
      world.open.splice(index, 1);
      return;
    }
    case "ready":
      check(!world.isReady, "it is ready twice");
      world.isReady = true;
      return;
    case "over":
      check(!world.isOver, "it is over twice");
      world.isOver = true;
      world.groups = [];
      for (const [child] of runs) {
        const isLate = isPast(child.state) && !isKilled(child);
        check(isLate, `it is over while ${child.name} runs`);
      }
      return;
    case "tell": {
      const { event } = effect;
      if (event.type === "children") {
        const isThere = tree.children.has(event.child);
        check(
          isThere === (event.change === "added"),
          "children are told wrong",
        );
        const child = tree.children.get(event.child);
        if (child && !told.has(child)) {
          told.set(child, { state: "stopped", circuit: "closed" });
        }
      } else if (event.type === "restart") {
        plan(world, event.child, event.delay);
      } else {
        const [found] = [...told].filter(([child]) =>
          child.name === event.child
        ).slice(-1);
        const shown = found![1];
        const key = event.type === "child" ? "state" : "circuit";
        check(
          shown[key] === event.from,
          `${event.child}: ${event.from} was ${shown[key]}`,
        );
        told.set(found![0], { ...shown, [key]: event.to });
      }
      return;
    }
    case "gone":
      told.delete(effect.child);
      return;
    default:
      return;
  }
}

/** Who goes down with a child, by what the strategies promise. */
function plan(world: World, name: string, delay: number): void {
  const { tree, runs } = world;
  const { strategy } = tree.rules;
  const cause = tree.children.get(name)!;
  if (strategy === "one-for-one" || !tree.groups.size) return;
  const restart = [...tree.groups].find((each) => each.cause === cause);
  if (!restart) return;
  const reached = new Set([cause]);
  for (const each of reached) {
    for (const other of tree.children.values()) {
      if (other.deps.includes(each)) reached.add(other);
    }
  }
  const members = [...tree.children.values()].filter((each) =>
    each === cause ||
    !isLeaving(each) && !isHeldBack(each) &&
      (strategy === "one-for-all" || reached.has(each))
  );
  check(delay >= 0, "a restart is in the past");
  world.groups = world.groups.filter(({ up }) => up.size > 0);
  world.groups.push({
    members,
    up: new Set(members.filter((each) => runs.has(each))),
  });
}

/** How long one that is killed may take to be over. */
const KILL = TIMES.killTimeout + TIMES.killMargin;

function isKilled({ state }: Child): boolean {
  return isCut(state);
}

function isHeldBack({ state }: Child): boolean {
  const idle = "then" in state ? state.then : state;
  return idle.is === "rest" && idle.why === "held";
}

/** What holds in every state. */
function checkAll(world: World): void {
  const { tree, runs, wakes, told, now } = world;
  const { phase } = tree;
  for (const child of tree.children.values()) {
    const { name, state } = child;
    const shown = told.get(child);
    check(shown?.state === shownOf(state), `${name} is not told right`);
    check(shown?.circuit === circuitOf(child), `${name}: circuit not told`);
    check(hasRun(state) === runs.has(child), `${name} has run ${state.is}`);
    const wake = wakeOf(child);
    const armed = wakes.get(child) ?? Infinity;
    // A wait that is over may still have to wait for others to be down.
    const isDue = wake <= now && state.is === "wait";
    check(isDue || Math.max(wake, now) === armed, `${name} is not armed`);
    const counted = child.counted.filter((at) =>
      at > child.uptime - TIMES.window
    );
    check(counted.length <= tree.rules.restarts, `${name} restarts too often`);
    check(state.is !== "gone", `${name} is gone and listed`);
    if (state.is === "stop" || state.is === "last") {
      const until = state.is === "stop" ? state.until : state.deadline;
      const most = now + (isKilled(child) ? KILL : TIMES.stopTimeout);
      check((until ?? now) <= most, `${name} has too much time`);
    }
    if (state.is === "wait") {
      const { members, cause } = state.restart;
      check(members.includes(child), `${name} waits for a foreign restart`);
      const isThere = cause === child || tree.groups.has(state.restart);
      check(isThere, `${name} waits for nothing`);
    }
    if (phase.is === "ending" || phase.is === "down") {
      check(
        !["queue", "wait", "start", "up"].includes(state.is),
        `${name} stays`,
      );
    }
  }
  for (const [child] of wakes) {
    check(tree.children.get(child.name) === child, "one that is gone is armed");
  }
  check((phase.is === "down") === world.isOver, "it is over and is not");
  if (phase.is === "starting") {
    check(!world.isReady, "it is starting and ready");
    check(phase.left.size > 0, "it is ready and does not say so");
  }
  if (phase.is === "ending") {
    for (const each of phase.left) check(runs.has(each), "left has no run");
    for (const [each] of runs) {
      check(phase.left.has(each), `${each.name} is not left`);
    }
    if (now > phase.until) {
      for (const each of phase.left) {
        // One that was late may have been asked anew: nobody waits for that.
        check(isPast(each.state), `${each.name} outlasts the budget`);
      }
    }
  }
  checkCalls(world);
  checkIdle(world);
}

/** Each wait settles in its time. */
function checkCalls({ open, now, tree }: World): void {
  for (const { is, child, at } of open) {
    const isDown = is === "stop" || is === "remove";
    const { name, state } = child;
    if (isDown) {
      check(isGoing(state), `${is} ${name} waits for nothing: ${state.is}`);
      const most = at + Math.max(TIMES.stopTimeout, isKilled(child) ? KILL : 0);
      check(now <= most, `${is} ${name} takes too long`);
    } else {
      const isComing = ["queue", "wait", "start", "last", "stop"]
        .includes(state.is);
      check(isComing, `${is} ${name} waits for nothing: ${state.is}`);
    }
    check(tree.children.has(name), `${is} ${name} waits for one that is gone`);
  }
}

/** Nobody waits for what will not come. */
function checkIdle({ tree, wakes, runs }: World): void {
  const isQuiet = wakes.size === 0 &&
    [...runs.keys()].every(({ state }) =>
      state.is === "up" || state.is === "late"
    );
  if (!isQuiet) return;
  const { phase } = tree;
  if (phase.is === "down") return;
  for (const { name, state } of tree.children.values()) {
    if (state.is !== "queue" && state.is !== "wait") continue;
    const isHeldUp = [...tree.children.values()].some((each) =>
      isHeldBack(each) || each.state.is === "late"
    );
    check(isHeldUp, `${name} waits for ever: ${state.is}`);
  }
}

function intensity(tree: Tree): Map<Child, number> {
  return new Map(
    [...tree.children.values()].map((child) => [
      child,
      child.counted.length,
    ]),
  );
}

/** One that fails more often than it may has a consequence. */
function checkEscalation(
  { tree, now }: World,
  event: Event,
  before: Map<Child, number>,
): void {
  if (event.is !== "failed" && event.is !== "ended") return;
  const { child } = event;
  const counted = child.counted.length;
  check(
    counted <= (before.get(child) ?? 0) + 1,
    `${child.name} is counted twice at ${now}`,
  );
  check(counted <= tree.rules.restarts, `${child.name} goes on at ${now}`);
}
