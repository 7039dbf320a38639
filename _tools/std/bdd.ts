/**
 * `@std/testing/bdd` on `node:test`, which Node and Bun both have. Suites do
 * not become the engines' own: each engine counts an empty or a skipped one in
 * its own way.
 *
 * @module
 */

import { appendFileSync } from "node:fs";
import process from "node:process";
import * as test from "node:test";
import { type Collector, createCollector } from "./collector.ts";

const filter = process.env["GOLIB_RUNNER_FILTER"] ?? "";

// A test that fakes `nextTick` stalls the stream in which Node reports: what
// comes after is lost, and the exit code is 0. So the tests are counted here too.
const tally = process.env["GOLIB_RUNNER_TALLY"];
let declared = 0;
if (tally) process.once("exit", () => appendFileSync(tally, `${declared}\n`));

const collector: Collector = createCollector((collected) => {
  const { name, ignore, only } = collected;
  if (!name.includes(filter)) return;
  declared++;
  test.it(
    name,
    {
      timeout: 60_000,
      ...(ignore && { skip: true }),
      ...(only && { only: true }),
    },
    // Without a parameter: a test that takes one gets a callback.
    () => collected.run(),
  );
});

test.after(() => collector.close());

export const describe: Collector["describe"] = collector.describe;
export const it: Collector["it"] = collector.it;
export const beforeAll: Collector["beforeAll"] = collector.beforeAll;
export const afterAll: Collector["afterAll"] = collector.afterAll;
export const beforeEach: Collector["beforeEach"] = collector.beforeEach;
export const afterEach: Collector["afterEach"] = collector.afterEach;
