// A worker whose runner fails before it is ready.

import { expose, StartStop } from "./library.ts";

expose(
  new StartStop(
    () => {
      throw new RangeError("no disk", { cause: new Error("EIO") });
    },
    undefined,
    { name: "failing", awaitReady: true, printErrors: false },
  ),
);
