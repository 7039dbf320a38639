// A worker whose calls are traced, below the spans of those who make them.

import process from "node:process";
import { StartStop, untilAborted } from "../../mod.ts";
import { traced } from "../../observability/tracing/mod.ts";
import { expose } from "../../worker/mod.ts";

const [kind, url] = (process.env["TRACED_WORKER"] ?? "").split(" ");
const { setUp, receive } = await import(`./sdk${kind}/setup.mjs`);
const { tracer, flush } = setUp(url);

expose(new StartStop((signal) => untilAborted(signal), { name: "inner" }), {
  receive,
  calls: {
    work: traced(tracer, "inside the worker", async () => {
      await new Promise<void>((resolve) => void setTimeout(resolve, 5));
      traced(tracer, "deep inside", () => {})();
    }),
    flush: () => flush(),
  },
});
