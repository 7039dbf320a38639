// The worker of `killable.ts`: makes pictures small, and hangs on one in ten.

import { StartStop, untilAborted } from "../../mod.ts";
import { expose } from "../../worker/mod.ts";

const resize = new StartStop(
  async (signal, { ready }) => {
    ready();
    await untilAborted(signal);
  },
  undefined,
  { name: "resize", awaitReady: true },
);

expose(resize, {
  calls: {
    small: (picture: { number: number; bytes: Uint8Array }) => {
      // A decoder that never ends on some input: no promise can be given up here.
      if (picture.number % 10 === 7) { for (;;); }
      return picture.bytes.subarray(0, picture.bytes.length / 2);
    },
  },
});
