/** What a gate counts, and how it shows it. */

import type { Limits } from "./_limits.ts";
import type { Lane, Resource } from "./_lanes.ts";
import { Waits } from "./_waits.ts";
import type { GateRefusal } from "./gate_error.ts";
import type { GateLoad, ResourceLoad } from "./options.ts";

/** Counts since the gate was made. */
export interface Tally {
  admitted: number;
  abandoned: number;
  readonly refused: Record<GateRefusal, number>;
  readonly waits: Waits;
}

export function tally(): Tally {
  return {
    admitted: 0,
    abandoned: 0,
    refused: { full: 0, late: 0, closed: 0 },
    waits: new Waits(),
  };
}

function shown({ used, limit }: Resource): ResourceLoad {
  return { used, limit };
}

export function loadOf(
  limits: Limits,
  running: number,
  lanes: Iterable<Lane>,
  { admitted, abandoned, refused, waits }: Tally,
): GateLoad {
  const waitingByPriority: Record<number, number> = {};
  let count = 0;
  for (const { queue } of lanes) {
    for (const { priority } of queue) {
      count++;
      waitingByPriority[priority] = (waitingByPriority[priority] ?? 0) + 1;
    }
  }
  return {
    running,
    waiting: count,
    waitingByPriority,
    admitted,
    refused: { ...refused },
    abandoned,
    concurrency: shown(limits.places),
    limits: Object.fromEntries(
      Array.from(limits.named, ([name, each]) => [name, shown(each)]),
    ),
    pressure: limits.pressure,
    waits: {
      count: waits.count,
      sum: waits.sum,
      p50: waits.quantile(0.5),
      p95: waits.quantile(0.95),
      p99: waits.quantile(0.99),
      max: waits.max,
      upTo: waits.upTo(),
    },
  };
}
