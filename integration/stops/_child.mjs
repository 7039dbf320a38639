// A server in a process of its own: `_child.mjs NAME LINGER DRAIN`. It writes
// "listening PORT"; on "stop" it stops, writes "stopped MS FAILURE", and starts
// again; on "main" it starts again under `main`, which ends it by a signal.

import process from "node:process";
import { main } from "../../shutdown/mod.ts";
import { make, peers, servers } from "./_servers.mjs";

const [name = "plain", linger = "500", drain = "0"] = process.argv.slice(2);
if (name in servers) {
  const server = make(name, {
    linger: Number(linger),
    drain: Number(drain),
    observer(event) {
      if (event.type === "listening") {
        console.log(`listening ${event.url.port}`);
      }
    },
  });
  await server.start();
  process.stdin.setEncoding("utf8").on("data", async (text) => {
    if (text.trim() === "main") {
      process.stdin.destroy();
      await main(server);
      return;
    }
    const began = performance.now();
    const failure = await server.stop().then(() => "", String);
    const ms = Math.round(performance.now() - began);
    console.log(`stopped ${ms} ${failure}`);
    await server.start();
  });
} else await peers[name](Number(linger));
