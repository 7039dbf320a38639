// What the workers of the benchmark use.

export { StartStop, untilAborted } from "../../mod.ts";
export { expose, WorkerRunner } from "../../worker/mod.ts";
