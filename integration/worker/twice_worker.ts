// A worker that exposes two runners.

import { expose, StartStop, untilAborted } from "./library.ts";

for (const name of ["one", "other"]) {
  expose(new StartStop((signal) => untilAborted(signal), { name }));
}
