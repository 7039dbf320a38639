/**
 * How random programs are run against a mutant: the same for all, and without the
 * search for the shortest one that fails.
 *
 * @module
 */

import fc from "fast-check";
import process from "node:process";

fc.configureGlobal({ endOnFailure: true, seed: 20_260_401 });
process.env["GOLIB_RUNNER_MODEL"] ??= "30";
process.env["GOLIB_RUNNER_SEED"] ??= "1";
