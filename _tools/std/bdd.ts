/**
 * `@std/testing/bdd` on `node:test`, which Node and Bun both have.
 *
 * @module
 */

import { appendFileSync } from "node:fs";
import process from "node:process";
import * as test from "node:test";
import {
  type Body,
  definition,
  type Describe,
  type It,
  type Options,
  withVariants,
} from "./collector.ts";

// The engines' own filters each match something else.
const filter = process.env["GOLIB_RUNNER_FILTER"] ?? "";
const suites: { name: string; options: Options }[] = [];

// A test that fakes `nextTick` stalls the stream in which Node reports: what
// comes after is lost, and the exit code is 0. So the tests are counted here too.
const tally = process.env["GOLIB_RUNNER_TALLY"];
let declared = 0;
if (tally) process.once("exit", () => appendFileSync(tally, `${declared}\n`));

/** Declares a suite. */
export const describe: Describe = withVariants<Describe>(
  (name: string, optionsOrBody: Options | (() => void), body?: () => void) => {
    const { options, body: declare } = definition(name, optionsOrBody, body);
    test.describe(name, () => {
      const inherited = suites.at(-1)?.options;
      suites.push({ name, options: { ...inherited, ...options } });
      try {
        declare();
      } finally {
        suites.pop();
      }
    });
  },
);

/** Declares a test. */
export const it: It = withVariants<It>(
  (name: string, optionsOrBody: Options | Body, body?: Body) => {
    const path = [...suites.map((suite) => suite.name), name];
    if (!path.join(" > ").includes(filter)) return;
    const { options, body: run } = definition(name, optionsOrBody, body);
    // Skipping a whole suite, the engines count its tests each in its own way.
    const { ignore, only } = { ...suites.at(-1)?.options, ...options };
    // Without a parameter: a test that takes one gets a callback.
    declared++;
    test.it(
      name,
      { ...(ignore && { skip: true }), ...(only && { only: true }) },
      () => run(),
    );
  },
);

/** Runs before the first test of a suite. */
export function beforeAll(body: Body): void {
  test.before(() => body());
}

/** Runs after the last test of a suite. */
export function afterAll(body: Body): void {
  test.after(() => body());
}

/** Runs before each test of a suite. */
export function beforeEach(body: Body): void {
  test.beforeEach(() => body());
}

/** Runs after each test of a suite. */
export function afterEach(body: Body): void {
  test.afterEach(() => body());
}
