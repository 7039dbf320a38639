/** Tries every order of what can happen, up to a depth, each state once. */

import { copy, keyOf } from "./copy.ts";
import { grow, type Plan } from "./trees.ts";
import {
  Broken,
  make,
  type Move,
  moves,
  type World,
  worldOf,
} from "./world.ts";

/** What was found of one tree. */
export interface Found {
  readonly states: number;
  readonly steps: number;
  /** How it came to what is wrong, where something is. */
  readonly wrong: { what: string; moves: Move[] } | undefined;
}

interface Entry {
  readonly world: World;
  readonly past: Move[];
  readonly asked: number;
}

/** A supervisor that has been launched, and one whose children are all up. */
function roots(plan: Plan): Entry[] {
  const world = worldOf(grow(plan));
  const past: Move[] = [{ is: "launch" }];
  make(world, past[0]!);
  const launched = { world: copy(world), past: [...past], asked: 0 };
  for (let left = 9; left > 0; left--) {
    const up = moves(world).find(({ is }) => is === "up");
    if (!up) break;
    make(world, up);
    past.push(up);
  }
  return [launched, { world, past, asked: 0 }];
}

/** A move as a text. */
export function textOf({ is, name = "", how = "" }: Move): string {
  return `${is} ${name} ${how}`.trim();
}

/** What a tree is after these moves, each of which has to be possible. */
function after(plan: Plan, given: string): Entry[] {
  const world = worldOf(grow(plan));
  const past: Move[] = [];
  for (const text of given.split(", ")) {
    const move = moves(world).find((each) => textOf(each) === text);
    if (!move) throw new Error(`"${text}" cannot happen in: ${given}`);
    make(world, move);
    past.push(move);
  }
  return [{ world, past, asked: 0 }];
}

/** What somebody asks for, and no child does by itself. */
const BY_HAND = new Set(["restart", "stop", "start", "remove", "add"]);

/**
 * Explores one tree.
 *
 * @param depth How many things happen after the launch.
 * @param byHand How many of them, at most, somebody asks for.
 * @param given What happens before; else a launch, and all get up or not.
 */
export function explore(
  plan: Plan,
  depth: number,
  byHand = depth,
  given?: string,
): Found {
  const seen = new Set<string>();
  let states = 0;
  let steps = 0;
  let past: Move[] = [];
  try {
    let layer = given === undefined ? roots(plan) : after(plan, given);
    for (const { world } of layer) seen.add(keyOf(world));
    states = layer.length;
    for (let left = depth; left > 0; left--) {
      const next: Entry[] = [];
      for (const entry of layer) {
        for (const move of moves(entry.world)) {
          const asked = entry.asked + (BY_HAND.has(move.is) ? 1 : 0);
          if (asked > byHand) continue;
          past = [...entry.past, move];
          const world = copy(entry.world);
          make(world, move);
          steps++;
          const key = `${keyOf(world)} ${byHand < depth ? asked : ""}`;
          if (seen.has(key)) continue;
          seen.add(key);
          states++;
          if (left > 1) next.push({ world, past, asked });
        }
      }
      layer = next;
    }
  } catch (error) {
    const what = error instanceof Broken
      ? error.message
      : `${(error as Error).stack}`;
    return { states, steps, wrong: { what, moves: past } };
  }
  return { states, steps, wrong: undefined };
}
