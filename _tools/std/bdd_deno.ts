/**
 * `@std/testing/bdd` on `Deno.test`: the sanitizers see nothing that runs
 * through `node:test`, and nothing that runs in a test step.
 *
 * @module
 */

import { type Collector, createCollector } from "./collector.ts";

const filter = Deno.env.get("GOLIB_RUNNER_FILTER") ?? "";

const collector: Collector = createCollector((test) => {
  if (!test.name.includes(filter)) return;
  Deno.test({
    name: test.name,
    ignore: test.ignore,
    only: test.only,
    sanitizeOps: test.sanitizeOps ?? !test.shared,
    sanitizeResources: test.sanitizeResources ?? !test.shared,
    fn: () => test.run(),
  });
});

Deno.test.afterAll(() => collector.close());

export const describe: Collector["describe"] = collector.describe;
export const it: Collector["it"] = collector.it;
export const beforeAll: Collector["beforeAll"] = collector.beforeAll;
export const afterAll: Collector["afterAll"] = collector.afterAll;
export const beforeEach: Collector["beforeEach"] = collector.beforeEach;
export const afterEach: Collector["afterEach"] = collector.afterEach;
