// A worker whose runner is slow to be ready, and does not stop.

import { expose, StartStop } from "./library.ts";

expose(
  new StartStop(
    async (_signal, { ready }) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      ready();
      await new Promise(() => {});
    },
    undefined,
    { name: "stubborn", awaitReady: true },
  ),
  { calls: { echo: (value: unknown) => value } },
);
