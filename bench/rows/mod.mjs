import { cold } from "./cold.mjs";
import { cycle } from "./cycle.mjs";
import { fast } from "./fast.mjs";
import { fleet } from "./fleet.mjs";
import { growth } from "./growth.mjs";
import { idle } from "./idle.mjs";
import { imports } from "./imports.mjs";
import { lateness } from "./lateness.mjs";
import { shared } from "./shared.mjs";
import { steady } from "./steady.mjs";
import { watched } from "./watched.mjs";

export const rows = {
  steady,
  growth,
  fleet,
  cycle,
  watched,
  imports,
  cold,
  idle,
  lateness,
  fast,
  shared,
};
