// A worker whose runner ends by itself.

import { expose, StartStop } from "./library.ts";

expose(
  new StartStop(
    async (_signal, { ready }) => {
      ready();
      await new Promise((resolve) => setTimeout(resolve, 50));
    },
    undefined,
    { name: "done", awaitReady: true },
  ),
);
