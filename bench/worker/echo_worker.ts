// A worker of the library that gives back what it is given.

import { expose, StartStop, untilAborted } from "./library.ts";

expose(
  new StartStop(
    async (signal, { ready }) => {
      ready();
      await untilAborted(signal);
    },
    undefined,
    { awaitReady: true },
  ),
  {
    calls: {
      echo: (value: unknown) => value,
      loop: () => {
        for (;;);
      },
    },
  },
);
