// What the workers of these tests use.

export { StartStop, Ticker, untilAborted } from "../../mod.ts";
export { Supervisor } from "../../supervisor/mod.ts";
export { expose, WorkerRunner } from "../../worker/mod.ts";
