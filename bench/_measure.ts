/** What the benchmarks measure with, the same on every engine. */

import { do_not_optimize, measure } from "mitata";
import process from "node:process";

/** Where the numbers come from. */
export function engine(): string {
  const { deno, bun, node } = process.versions as Record<string, string>;
  if (deno) return `Deno ${deno}`;
  return bun ? `Bun ${bun}` : `Node ${node}`;
}

// A busy machine would otherwise look as if the calls were too slow for batches.
const batched = { batch_threshold: Infinity, warmup_threshold: Infinity };

/** Nanoseconds a call: the median of the quietest of some rounds. */
export async function nanoseconds(
  calls: Record<string, () => unknown>,
  rounds: number,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  // Round by round, so that what is compared shares the same weather.
  for (let round = 0; round < rounds; round++) {
    for (const [name, call] of Object.entries(calls)) {
      const { p50 } = await measure(() => do_not_optimize(call()), batched);
      found[name] = Math.min(found[name] ?? Infinity, p50);
    }
  }
  return found;
}

/** Bytes allocated by a call, to be read beside those of a known one. */
export function bytes(call: () => unknown): number {
  const { Bun } = globalThis as { Bun?: { gc(sync: boolean): void } };
  // The collector of Bun counts what it keeps; its pages tell what was made.
  const used = () =>
    Bun ? process.memoryUsage.rss() : process.memoryUsage().heapUsed;
  const calls = Bun ? 500_000 : 20_000;
  const found = Array.from({ length: 21 }, () => {
    Bun?.gc(true);
    const before = used();
    for (let count = 0; count < calls; count++) do_not_optimize(call());
    return (used() - before) / calls;
  });
  return Math.max(0, quantile(found, 0.5));
}

/** Microseconds of each of many runs of something, after a warm-up. */
export async function microseconds(
  cycle: () => Promise<void>,
  cycles: number,
): Promise<number[]> {
  for (let count = 0; count < cycles / 10; count++) await cycle();
  const found: number[] = [];
  for (let count = 0; count < cycles; count++) {
    const startedAt = performance.now();
    await cycle();
    found.push((performance.now() - startedAt) * 1_000);
  }
  return found;
}

/** The value that a share of all values does not exceed. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[index] ?? NaN;
}

/** Prints columns as wide as they need to be. */
export function printTable(rows: string[][]): void {
  const widths = rows[0]!.map((_title, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  const [header, ...rest] = rows;
  for (
    const row of [
      header!,
      widths.map((width) => "-".repeat(width)),
      ...rest,
    ]
  ) {
    console.log(
      row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")
        .trimEnd(),
    );
  }
}
