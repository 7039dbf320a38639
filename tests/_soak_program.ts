/**
 * What `npm run test:soak` runs, once for each core: its share of the batches of
 * programs, each with a seed of its own, and a line of JSON about each.
 */

import fc from "fast-check";
import process from "node:process";
import { properties, type Property } from "./_model_properties.ts";

/** What it is asked for, as JSON. */
export interface Order {
  readonly seed: number;
  readonly batches: number;
  readonly size: number;
  /** The first batch that is its own, and how far the next is. */
  readonly first: number;
  readonly stride: number;
  /** What the names of the properties must have in them. */
  readonly only?: string;
  /** Whether it stops at the first failure. */
  readonly stops?: boolean;
  /** One failure to run again, instead of batches. */
  readonly replay?: Replay;
}

export interface Replay {
  readonly property: string;
  readonly seed: number;
  readonly path?: string;
  readonly commands?: string;
}

/** Seeds beside each other must not make programs that are alike. */
function seedOf(batch: number, seed: number): number {
  let hash = Math.imul(batch + 1, 0x9e37_79b1) ^ seed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

/** Which property a batch has: of ten each has its share, and none waits long. */
function propertyOf(batch: number, all: readonly Property[]): Property {
  const whole = all.reduce((sum, { share }) => sum + share, 0);
  let place = (batch * 7 % 10 + 0.5) / 10 * whole;
  return all.find(({ share }) => (place -= share) < 0) ?? all[0]!;
}

function say(line: object): void {
  // Not by the console, which the programs replace.
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function run(
  { name, property }: Property,
  parameters: fc.Parameters<unknown>,
): Promise<boolean> {
  const details = await fc.check(property, {
    includeErrorInReport: true,
    ...parameters,
  });
  const report = details.failed ? fc.defaultReportMessage(details) : undefined;
  say({
    programs: details.numRuns,
    ...(report && {
      report,
      replay: {
        property: name,
        seed: details.seed,
        path: details.counterexamplePath,
        commands: /replayPath="([^"]*)"/.exec(report)?.[1],
      },
    }),
  });
  return details.failed;
}

const order = JSON.parse(process.argv[2] ?? "{}") as Order;
const { replay, batches, first, stride, size, seed } = order;
if (replay) {
  const all = properties(replay.commands);
  const found = all.find(({ name }) => name === replay.property);
  if (!found) throw new Error(`Which of: ${all.map(({ name }) => name)}?`);
  const at = replay.path === undefined ? {} : found.replay(replay.path);
  await run(found, { numRuns: size, seed: replay.seed, ...at });
} else {
  const { only = "" } = order;
  const all = properties().filter(({ name }) => name.includes(only));
  for (let batch = first; batch < batches; batch += stride) {
    const property = propertyOf(batch, all);
    const parameters = { numRuns: size, seed: seedOf(batch, seed) };
    // One that hangs is known by what was begun last.
    say({ batch, property: property.name, seed: parameters.seed });
    const failed = await run(property, parameters);
    if (failed && order.stops) break;
  }
}
