// A TCP proxy that can cut, swallow and delay.

import { connect, createServer } from "node:net";

/**
 * Its `mode`: `pass`; `cut`, connections end and none begins; `hole`, nothing goes
 * either way; `deaf`, nothing comes back; `mute`, nothing goes there; `slow`, what
 * comes back is late by `delay` ms.
 */
export async function proxy(target, delay = 900) {
  const pairs = new Set();
  const it = { mode: "pass", port: 0 };
  const server = createServer((client) => {
    if (it.mode === "cut") return client.destroy();
    const upstream = connect(target, "127.0.0.1");
    const pair = [client, upstream];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      // A hole swallows the end of a connection as well.
      if (it.mode === "hole") return;
      client.destroy();
      upstream.destroy();
    };
    for (const each of pair) {
      each.setNoDelay(true);
      each.on("error", end);
      each.on("close", end);
    }
    client.on("data", (data) => {
      if (it.mode !== "hole" && it.mode !== "mute") upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (it.mode === "hole" || it.mode === "deaf") return;
      if (it.mode !== "slow") return void client.write(data);
      setTimeout(() => {
        if (it.mode !== "hole" && !client.destroyed) client.write(data);
      }, delay);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  it.port = server.address().port;
  it.set = (mode) => {
    // What was swallowed is missing: a stream with a gap must not go on.
    const isBroken = it.mode !== "pass" && it.mode !== "slow";
    it.mode = mode;
    if (mode === "cut" || mode === "pass" && isBroken) {
      for (const pair of [...pairs]) for (const each of pair) each.destroy();
      pairs.clear();
    }
  };
  it.close = () => {
    it.set("cut");
    server.close();
  };
  return it;
}
