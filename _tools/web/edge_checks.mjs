// What docs/edge.md says of Cloudflare's Workers, each sentence in the real
// engine: run by `npm run test:all`, or `node _tools/suite.mjs edge`.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { bundle } from "./bundle.mjs";
import {
  pinnedVersion,
  serve,
  workerdBefore,
  workerdVersion,
} from "./workerd.mjs";

const newest = workerdVersion();
const before2026 = workerdVersion(workerdBefore);
const code = await bundle({
  entry: `export * from "./tests/_edge_worker.ts";
    export { default } from "./tests/_edge_worker.ts";`,
  format: "esm",
});

const platforms = [
  // Since then a promise may be settled by another request.
  { date: "2024-10-14" },
  // Before Node's globals came by default, in the autumn of 2026, and after.
  { date: "2026-08-01" },
  { date: newest },
  { date: newest, flags: ["no_nodejs_compat"] },
  { date: newest, flags: ["no_global_navigator"] },
  { date: "2026-08-01", flags: ["nodejs_compat"] },
];

// Where no AbortController could be made at module scope.
if (before2026) {
  platforms.push(
    { date: before2026, binary: workerdBefore },
    { date: before2026, binary: workerdBefore, flags: ["nodejs_compat"] },
  );
}

describe("workerd", () => {
  it("is the one that is pinned", () => {
    assert.equal(newest, pinnedVersion());
  });

  // Elsewhere than on the machine that checks a commit it may not be had.
  const skip = !before2026 && !process.env.CI;
  it("is there as it was before the autumn of 2026", { skip }, () => {
    assert.equal(before2026, pinnedVersion(workerdBefore));
  });
});

for (const { date, flags = [], binary } of platforms) {
  const isBefore = binary === workerdBefore;
  const version = isBefore ? before2026 : newest;
  describe(`workerd of ${version} as on ${[date, ...flags].join(" ")}`, () => {
    let server;
    const ask = async (path) => {
      const response = await fetch(`${server.url}${path}`);
      const text = await response.text();
      assert.equal(response.status, 200, `${text}\n${server.output()}`);
      return JSON.parse(text);
    };
    before(async () => server = await serve({ code, date, flags, binary }));
    after(() => server.stop());

    it("starts nothing, and throws nothing, at module scope", async () => {
      assert.deepEqual(await ask("/states"), {
        running: [false, false, false, false, false],
        tools: ["function", "function"],
      });
    });

    it("can be looked at, request by request", async () => {
      for (let turn = 0; turn < 2; turn++) {
        assert.deepEqual(await ask("/looked"), {
          counted: true,
          answers: [
            [200, "pass\n"],
            [503, "fail\n"],
            [200, '<!doctype html>\n<html lang="en'],
          ],
        });
      }
    });

    it("keeps the context of each request, where it has contexts", async () => {
      const seen = await ask("/contexts");
      if (flags.includes("nodejs_compat") && !isBefore) {
        assert.notEqual(seen, "no contexts here");
      }
      if (seen === "no contexts here") return;
      assert.deepEqual(seen, ["none in undefined", "one in one", "two in two"]);
    });

    it("lets no ticker start at module scope, and says so", async () => {
      const refusal = /Disallowed operation called within global scope/;
      const { timer, start, state, error } = await ask("/early");
      assert.match(timer, refusal);
      assert.equal(state, "stopped");
      // Where no AbortController can be made, nothing is launched.
      if (!isBefore) assert.equal(start, "resolved");
      assert.match(isBefore ? start : error, refusal);
    });

    it("has no process: neither signals nor what would keep it alive", async () => {
      assert.deepEqual(await ask("/signals"), {
        signals: [],
        aborted: false,
        printed: ["shutdownSignal: this platform sends no such signals"],
      });
      const ticks = await ask("/quiet");
      assert.ok(ticks >= 4, `${ticks} ticks in 105 ms`);
    });

    for (const [order, first, last] of [["first", 600, 0], ["last", 0, 600]]) {
      it(`keeps a ticker going that started ${order}, when the request of another has ended`, async () => {
        const [long, short] = [`long-${order}`, `short-${order}`];
        const start = async (name, ms) =>
          await ask(`/tick?name=${name}&ms=${ms}`);
        const running = [];
        for (const ms of [first, last]) {
          running.push(ms ? start(long, ms) : start(short, 100));
          await delay(50);
        }
        const counts = await Promise.all(running);
        const ofLong = Math.max(...counts);
        assert.ok(ofLong >= 25, `${ofLong} ticks in 600 ms`);
        const { [short]: ticks } = await ask("/counts");
        // Its timers went with its request.
        assert.ok(ticks <= 12, `${ticks} ticks in 100 ms`);
      });
    }

    it("works on after the answer, by waitUntil(runner.finished())", async () => {
      assert.equal(await ask("/background"), "answered");
      const { background = 0 } = await ask("/counts");
      assert.ok(background < 20);
      await delay(600);
      assert.equal((await ask("/counts")).background, 20);
    });

    it("ticks on between the requests to a Durable Object", async () => {
      await ask("/actor/tick?name=actor&ms=50");
      const { actor: before } = await ask("/counts");
      await delay(200);
      const { actor: after } = await ask("/counts");
      assert.ok(after >= before + 8, `${after - before} ticks in 200 ms`);
      assert.equal((await ask("/actor/stop?name=actor")).outcome, "resolved");
    });

    if (isBefore) {
      it("says, where the engine lets no request abort for another, that it does not", async () => {
        const ticking = ask("/tick?name=foreign&ms=300");
        await delay(100);
        const { outcome } = await ask("/stop?name=foreign");
        assert.match(outcome, /on behalf of a different request/);
        await ticking;
      });
      return;
    }

    it("can stop and start anew what a request has left behind", async () => {
      assert.ok(await ask("/tick?name=left&ms=50") > 0);
      assert.deepEqual(await ask("/stop?name=left"), {
        outcome: "resolved",
        state: "stopped",
      });
      const { outcome, ticks } = await ask("/restart?name=left");
      assert.equal(outcome, "resolved");
      assert.ok(ticks >= 4, `${ticks} ticks in 105 ms`);
    });

    it("can stop in one request what runs in another", async () => {
      const ticking = ask("/tick?name=other&ms=500");
      await delay(100);
      assert.equal((await ask("/stop?name=other")).outcome, "resolved");
      const ticks = await ticking;
      assert.ok(ticks >= 1 && ticks <= 20, `${ticks} ticks in 100 ms`);
    });

    it("can end a service in one request that another one holds", async () => {
      const ended = { outcome: "resolved", state: "stopped" };
      const holding = ask("/hold");
      await delay(100);
      assert.deepEqual(await ask("/release"), ended);
      assert.deepEqual(await holding, ended);
    });

    it("says with a TimeoutError that a tick died with its request, and starts no second run", async () => {
      assert.equal(await ask("/unfinished"), "running");
      await delay(50);
      for (const call of ["stop", "start"]) {
        const { outcome, state } = await ask(`/unfinished/${call}`);
        assert.match(outcome, /^rejected: TimeoutError: .*100 ms/);
        assert.equal(state, "stopping");
      }
    });
  });
}

describe("workerd before 2024-10-14", () => {
  it("fails a request that waits for what another one settles", async () => {
    const server = await serve({ code, date: "2024-10-13" });
    try {
      const holding = fetch(`${server.url}/hold`);
      await delay(100);
      const released = await fetch(`${server.url}/release`);
      assert.equal((await released.json()).outcome, "resolved");
      assert.equal((await holding).status, 500);
      assert.match(server.output(), /Promise will never complete/);
    } finally {
      await server.stop();
    }
  });
});
