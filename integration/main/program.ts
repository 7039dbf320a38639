/** What the checks of `main` start: a scenario by its name. */

import process from "node:process";
import { StartStop, untilAborted } from "../../mod.ts";
import { main } from "../../shutdown/mod.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Each of its phases takes so many milliseconds. */
function service(starts: number, stops: number): StartStop {
  return new StartStop(
    async (signal, { ready }) => {
      console.log("starting");
      await Promise.race([wait(starts), untilAborted(signal)]);
      ready();
      await untilAborted(signal);
      console.log("stopping");
      await wait(stops);
      console.log("down");
    },
    undefined,
    { name: "service", awaitReady: true, startTimeout: 60_000 },
  );
}

const scenarios: Record<string, () => Promise<unknown>> = {
  /** Says where it is, and stays for long where it is told to. */
  phases: async () => {
    const { STAYS } = process.env;
    const time = (phase: string) => STAYS === phase ? 60_000 : 20;
    const code = await main(service(time("starting"), time("stopping")), {
      drainDelay: time("draining"),
      stopTimeout: 60_000,
      forceExit: 20_000,
      onReady: () => console.log("up"),
      notReady: () => console.log("draining"),
      async after() {
        console.log("after");
        await wait(time("after"));
      },
    });
    console.log(`over ${code}`);
    await wait(200);
    console.log("done");
  },
  /** Ends at once when it is told to, and has something to do after that. */
  quick: async () => {
    await main(service(0, 0), {
      onReady: () => console.log("up"),
      // What follows has its time on a machine that is busy as well.
      forceExit: 20_000,
    });
    console.log("over");
    await wait(400);
    console.log("done");
  },
  /** As above, with nothing to do. */
  gone: () => main(service(0, 0), { onReady: () => console.log("up") }),
  /** Ends by itself, as a job does. */
  job: async () => {
    await main(new StartStop(() => wait(50)), {
      onReady: () => console.log("up"),
    });
    console.log("done");
  },
  /** What systemd wants to know. */
  notify: async () => {
    let asked = 0;
    await main(service(0, 0), {
      onReady: () => console.log("up"),
      healthy: () => ++asked !== 2,
    });
    console.log("over");
  },
};

console.log(`pid ${process.pid}`);
await scenarios[process.argv.at(-1)!]!();
