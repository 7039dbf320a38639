/**
 * Explores a share of all trees and writes what it found as one line of JSON.
 *
 *     node --import tsx integration/explore/shard.ts SHARE OF DEPTHS SECONDS
 *
 * `DEPTHS` says for one, two and three children how many things happen, and how
 * many of them are asked for by hand: `6:6,6:2,6:1`.
 */

import process from "node:process";
import { explore, type Found, textOf } from "./explore.ts";
import { DEPTH, known } from "./known.ts";
import { type Plan, plans } from "./trees.ts";

const [share, of, depths, seconds] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
const limits = depths.split(",").map((each) => each.split(":").map(Number));
const until = performance.now() + Number(seconds) * 1_000;
const wrong: string[] = [];
const found = { trees: 0, known: 0, left: 0, states: 0, steps: 0, wrong };

function add(plan: Plan, { states, steps, wrong }: Found): void {
  found.states += states;
  found.steps += steps;
  if (!wrong) return;
  const moves = wrong.moves.map(textOf).join(", ");
  found.wrong.push(`${wrong.what}\n  ${JSON.stringify(plan)}\n  ${moves}`);
}

if (share === "0") {
  for (const { plan, moves } of known) {
    add(plan, explore(plan, DEPTH, DEPTH, moves));
    found.known++;
  }
}
// In a mixed order: where time is short, some of each kind are explored.
const all = [...plans()].map((plan, index) => ({ plan, index }))
  .filter(({ index }) => index % Number(of) === Number(share))
  .sort((a, b) => a.index * 7919 % 997 - b.index * 7919 % 997);
for (const { plan } of all) {
  // More than are shown need not be found.
  if (performance.now() > until || wrong.length >= 20) {
    found.left++;
    continue;
  }
  const [depth, byHand] = limits[plan.children.length - 1] as [number, number];
  add(plan, explore(plan, depth, byHand));
  found.trees++;
}
console.log(JSON.stringify(found));
