// A worker whose runner fails soon after it was ready.

import { expose, StartStop } from "./library.ts";

expose(
  new StartStop(
    async (_signal, { ready }) => {
      ready();
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new RangeError("no disk");
    },
    undefined,
    { name: "later", awaitReady: true, printErrors: false },
  ),
);
