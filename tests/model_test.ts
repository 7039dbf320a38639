/**
 * Random programs against what is known of a runner. A failure prints its seed,
 * path and replay path, which the environment takes to run it again. Many more
 * programs are run by `npm run test:soak`.
 */

import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { effort } from "./_effort.ts";
import { properties } from "./_model_properties.ts";

interface Environment {
  readonly process?: {
    readonly env: Record<string, string | undefined>;
    readonly versions?: { readonly node?: string };
  };
  readonly Deno?: unknown;
  readonly Bun?: unknown;
}

const { process, Deno, Bun } = globalThis as Environment;
const env = process?.env ?? {};
const seed = env["GOLIB_RUNNER_SEED"];
const path = env["GOLIB_RUNNER_PATH"];
const replayPath = env["GOLIB_RUNNER_REPLAY"];
// One engine goes far; the others show that it is the same there.
const major = Deno || Bun ? 0 : parseInt(process?.versions?.node ?? "");
const programs = Number(
  env["GOLIB_RUNNER_MODEL"] ?? effort(150, major === 26 ? 10_000 : 500),
);

// In parts, each of which a slow machine can do within the limit of a test.
const PARTS = [1, 2, 3];

describe("the model agrees with", () => {
  for (const { name, share, property, replay } of properties(replayPath)) {
    for (const part of PARTS) {
      it(`${name}, part ${part}`, async () => {
        await fc.assert(property, {
          includeErrorInReport: true,
          numRuns: Math.ceil(programs * share / PARTS.length),
          ...(seed && { seed: Number(seed) }),
          ...(path && replay(path)),
        });
      });
    }
  }
});
