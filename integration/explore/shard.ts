/**
 * Explores a share of all trees and writes what it found as one line of JSON.
 *
 *     node --import tsx integration/explore/shard.ts SHARE OF DEPTHS SECONDS
 *
 * `DEPTHS` says for one, two and three children how many things happen, and how
 * many of them are asked for by hand: `6:6,6:2,6:1`.
 */

import process from "node:process";
import { explore } from "./explore.ts";
import { plans } from "./trees.ts";

const [share, of, depths, seconds] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
const limits = depths.split(",").map((each) => each.split(":").map(Number));
const until = performance.now() + Number(seconds) * 1_000;
const found = { trees: 0, left: 0, states: 0, steps: 0, wrong: [] as string[] };
// In a mixed order: where time is short, some of each kind are explored.
const all = [...plans()].map((plan, index) => ({ plan, index }))
  .filter(({ index }) => index % Number(of) === Number(share))
  .sort((a, b) => a.index * 7919 % 997 - b.index * 7919 % 997);
for (const { plan } of all) {
  if (performance.now() > until) {
    found.left++;
    continue;
  }
  const [depth, byHand] = limits[plan.children.length - 1] as [number, number];
  const { states, steps, wrong } = explore(plan, depth, byHand);
  found.trees++;
  found.states += states;
  found.steps += steps;
  if (!wrong) continue;
  const moves = wrong.moves.map(({ is, name = "", how = "" }) =>
    `${is} ${name} ${how}`.trim()
  );
  found.wrong.push(
    `${wrong.what}\n  ${JSON.stringify(plan)}\n  ${moves.join(", ")}`,
  );
}
console.log(JSON.stringify(found));
