/**
 * Ways in which a fault was found that is deeper than each commit explores: they
 * are gone again, and from there all orders of a few inputs are tried.
 */

import { common, type Plan } from "./trees.ts";

interface Known {
  readonly plan: Plan;
  /** What happens first, as `shard.ts` writes it. */
  readonly moves: string;
}

/** How many things happen after that. */
export const DEPTH = 3;

const firstStart = "fail" as const;

export const known: readonly Known[] = [
  // One that was late in a stop and was asked anew held the others up again.
  {
    plan: {
      ...common,
      order: "list",
      strategy: "one-for-one",
      children: [
        { restart: "permanent", dependsOn: undefined, firstStart },
        { restart: "transient", dependsOn: undefined, firstStart },
      ],
    },
    moves: "launch, up a, up b, add x, halt, time x, remove x",
  },
  // One that was back in the list did not wait for what it names, which was
  // about to leave.
  {
    plan: {
      ...common,
      strategy: "one-for-all",
      children: [
        { restart: "permanent", dependsOn: [], firstStart },
        { restart: "temporary", dependsOn: [0], firstStart },
        { restart: "permanent", dependsOn: [1], firstStart },
      ],
    },
    moves:
      "launch, up a, up b, up c, ended b failed, ended c failed, time c, time a, remove a",
  },
];
