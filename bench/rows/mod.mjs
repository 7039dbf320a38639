import { cycle } from "./cycle.mjs";
import { fast } from "./fast.mjs";
import { fleet } from "./fleet.mjs";
import { growth } from "./growth.mjs";
import { idle } from "./idle.mjs";
import { lateness } from "./lateness.mjs";
import { shared } from "./shared.mjs";
import { steady } from "./steady.mjs";

export const rows = {
  steady,
  growth,
  fleet,
  idle,
  lateness,
  fast,
  cycle,
  shared,
};
