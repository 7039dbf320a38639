// What every store must keep, as cases that a real server is asked.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { sleep, until } from "./servers.mjs";

const signal = () => AbortSignal.timeout(15_000);
let count = 0;
const fresh = (kind = "lock") => `k/${kind}/${Date.now()}-${++count}`;
const written = () => `d/cursor/${Date.now()}-${++count}`;

/** Whether the next hint for a key, or for any, comes in time. */
function watching(session, prefix = "k/") {
  const end = new AbortController();
  const keys = [];
  const over = (async () => {
    try {
      for await (const key of session.watch(prefix, end.signal)) keys.push(key);
    } catch (error) {
      return error;
    }
  })();
  return {
    keys,
    ready: () => until("a first hint", () => keys.length > 0),
    sees: (key) =>
      until(
        `a hint for ${key}`,
        () => keys.slice(1).some((each) => each === key || each === undefined),
        20_000,
      ),
    end: () => end.abort(new Error("enough")),
    over,
  };
}

/**
 * The cases: each a name and a function of the world, which has `open(name, ttl)`,
 * `ttl`, the store's shortest, and its `traits`.
 */
export const cases = {
  "a session has an id and the time that was granted": async (
    { open, ttl },
  ) => {
    const one = await open("one", ttl);
    const two = await open("two", ttl);
    ok(one.id && two.id && one.id !== two.id);
    ok(one.ttl >= ttl);
  },
  "a session that lives is renewed": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    equal(await session.renew(signal()), true);
    equal(await session.renew(signal()), true);
  },
  "a session that was closed is gone for certain": async (
    { open, ttl, traits },
  ) => {
    const session = await open("a", ttl);
    await session.take([fresh()], "a", signal());
    await session.close(signal());
    if (traits.expiry === "store") equal(await session.renew(signal()), false);
  },
  "to close twice is no error": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    await session.close(signal());
    await session.close(signal());
  },
  "a free key is taken, with a fence": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    const [taken] = await session.take([fresh()], "a", signal());
    equal(taken.taken, true);
    equal(typeof taken.fence, "bigint");
    ok(taken.fence > 0n);
  },
  "a key that was taken is taken again with the same fence": async (
    { open, ttl },
  ) => {
    const session = await open("a", ttl);
    const key = fresh();
    const [one] = await session.take([key], "a", signal());
    const [two] = await session.take([key], "a", signal());
    deepEqual(two, one);
  },
  "a renewal does not change the fence": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    const key = fresh();
    const [one] = await session.take([key], "a", signal());
    await session.renew(signal());
    deepEqual((await session.take([key], "a", signal()))[0], one);
  },
  "a key that another has is busy": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const key = fresh();
    await one.take([key], "a", signal());
    const [busy] = await two.take([key], "b", signal());
    equal(busy.taken, false);
    ok(busy.holder === undefined || busy.holder === one.id);
    ok(busy.expiresIn === undefined || busy.expiresIn <= 2 * one.ttl + 1_000);
  },
  "of many keys those that are free are taken": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const keys = [fresh(), fresh(), fresh()];
    await one.take([keys[1]], "a", signal());
    const answers = await two.take(keys, "b", signal());
    deepEqual(answers.map(({ taken }) => taken), [true, false, true]);
  },
  "a whole batch is taken in one call": async ({ open, ttl, traits }) => {
    const session = await open("a", ttl);
    const keys = Array.from({ length: traits.batch }, () => fresh());
    const answers = await session.take(keys, "a", signal());
    ok(answers.every(({ taken }) => taken));
    const held = keys.map((key, index) => ({
      key,
      fence: answers[index].fence,
    }));
    await session.drop(held, signal());
    const other = await open("b", ttl);
    ok((await other.take(keys, "b", signal())).every(({ taken }) => taken));
  },
  "eight who take one key at once: one wins": async ({ open, ttl }) => {
    const sessions = await Promise.all(
      Array.from({ length: 8 }, (_, index) => open(`n${index}`, ttl)),
    );
    for (let round = 0; round < 5; round++) {
      const key = fresh();
      const answers = await Promise.all(
        sessions.map((each) => each.take([key], "x", signal())),
      );
      equal(answers.flat().filter(({ taken }) => taken).length, 1);
    }
  },
  "two who take the same keys in other orders both come back": async (
    { open, ttl },
  ) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    for (let round = 0; round < 5; round++) {
      const keys = Array.from({ length: 8 }, () => fresh());
      const [first, second] = await Promise.all([
        one.take(keys, "a", signal()),
        two.take([...keys].reverse(), "b", signal()),
      ]);
      second.reverse();
      for (const index of keys.keys()) {
        ok(!(first[index].taken && second[index].taken));
      }
    }
  },
  "a key that was dropped is free": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const key = fresh();
    const [{ fence }] = await one.take([key], "a", signal());
    await one.drop([{ key, fence }], signal());
    equal((await two.take([key], "b", signal()))[0].taken, true);
  },
  "the fence grows over a drop": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const key = fresh();
    const [first] = await one.take([key], "a", signal());
    await one.drop([{ key, fence: first.fence }], signal());
    const [second] = await two.take([key], "b", signal());
    ok(second.fence > first.fence);
  },
  "the fence grows also where the holder stays the same": async (
    { open, ttl },
  ) => {
    const session = await open("a", ttl);
    const key = fresh();
    const [first] = await session.take([key], "a", signal());
    await session.drop([{ key, fence: first.fence }], signal());
    const [second] = await session.take([key], "a", signal());
    ok(second.fence > first.fence);
  },
  "a drop that comes late harms no later term": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const key = fresh();
    const [first] = await one.take([key], "a", signal());
    await one.drop([{ key, fence: first.fence }], signal());
    const [second] = await one.take([key], "a", signal());
    await one.drop([{ key, fence: first.fence }], signal());
    equal((await two.take([key], "b", signal()))[0].taken, false);
    ok(second.taken);
  },
  "a drop of another's key does nothing": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const key = fresh();
    const [{ fence }] = await one.take([key], "a", signal());
    await two.drop([{ key, fence }], signal());
    equal((await two.take([key], "b", signal()))[0].taken, false);
  },
  "a drop of what nobody has is no error": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    await session.drop([{ key: fresh(), fence: 5n }], signal());
  },
  "to close frees all keys at once": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const keys = [fresh(), fresh()];
    await one.take(keys, "a", signal());
    await one.close(signal());
    const answers = await two.take(keys, "b", signal());
    ok(answers.every(({ taken }) => taken));
  },
  "a session that is not renewed dies, in time, and not before": async (
    { open, ttl, traits },
  ) => {
    const one = await open("a", ttl);
    // It lives longer than a machine that is busy holds this program up.
    const two = await open("b", Math.max(4 * ttl, 10_000));
    const key = fresh();
    const [first] = await one.take([key], "a", signal());
    const began = performance.now();
    const longest = traits.longestHandover(one.ttl) + 1_500;
    let second;
    for (let before = 0;;) {
      [second] = await two.take([key], "b", signal());
      const passed = performance.now() - began;
      if (second.taken) break;
      // As long as nothing has held up the look.
      ok(before < longest || passed - before > 1_000, `held for ${passed} ms`);
      if (passed - before > 2_000) ok(await two.renew(signal()));
      before = passed;
      await sleep(100);
    }
    ok(performance.now() - began >= one.ttl - 500);
    ok(second.fence > first.fence);
    equal(await one.renew(signal()), false);
  },
  "a dead session takes nothing": async ({ open, ttl, traits }) => {
    if (traits.expiry === "observer") return;
    const session = await open("a", ttl);
    await session.close(signal());
    await rejects(session.take([fresh()], "a", signal()), {
      name: "StoreError",
    });
  },
  "nothing is read where nothing was written": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    equal(await session.read(written(), signal()), undefined);
  },
  "what was written is read, with its version": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    const key = written();
    const version = await session.write(key, "one", 0n, signal());
    equal(typeof version, "bigint");
    deepEqual(await session.read(key, signal()), { value: "one", version });
  },
  "a write goes by the version": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    const key = written();
    const first = await session.write(key, "one", 0n, signal());
    equal(await session.write(key, "two", 0n, signal()), undefined);
    const second = await session.write(key, "two", first, signal());
    ok(second > first);
    equal(await session.write(key, "three", first, signal()), undefined);
    equal((await session.read(key, signal())).value, "two");
  },
  "a write to what is not there fails": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    equal(await session.write(written(), "x", 5n, signal()), undefined);
  },
  "of eight writes of one version one is made": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    const key = written();
    const version = await session.write(key, "zero", 0n, signal());
    const answers = await Promise.all(
      Array.from(
        { length: 8 },
        (_, index) => session.write(key, String(index), version, signal()),
      ),
    );
    equal(answers.filter((each) => each !== undefined).length, 1);
  },
  "what was written outlives its session": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const key = written();
    await one.write(key, "stays", 0n, signal());
    await one.close(signal());
    equal((await two.read(key, signal())).value, "stays");
  },
  "any text is kept as it is": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    for (
      const value of ["", "a\nb\\c\"'", "é 漢字 😀", "\t", "x".repeat(5_000)]
    ) {
      const key = written();
      await session.write(key, value, 0n, signal());
      equal((await session.read(key, signal())).value, value);
    }
  },
  "keys with signs of all kinds are kept apart": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const base = fresh();
    const signs = [
      "%2F",
      "%0A",
      "x2f",
      "-",
      ".",
      "_",
      "~",
      "%00",
      "A",
      "a",
      "'",
      "%",
      "*",
    ];
    const keys = signs.map((each) => base + each);
    for (const key of keys) {
      equal((await one.take([key], "a", signal()))[0].taken, true, key);
    }
    const again = [];
    for (const key of keys) {
      again.push((await two.take([key], "b", signal()))[0]);
    }
    ok(again.every(({ taken }) => !taken));
    const listed = (await one.list(base, signal())).map(({ key }) => key)
      .sort();
    deepEqual(listed, [...keys].sort());
  },
  "a list has what is held, by whom, and what was written": async (
    { open, ttl },
  ) => {
    const session = await open("a", ttl);
    const base = fresh();
    const [{ fence }] = await session.take([`${base}/1`], "me", signal());
    deepEqual(await session.list(base, signal()), [
      { key: `${base}/1`, value: "me", session: session.id, fence },
    ]);
    const key = written();
    const version = await session.write(key, "v", 0n, signal());
    deepEqual(await session.list(key, signal()), [
      { key, value: "v", session: "", fence: version },
    ]);
  },
  "a list of nothing is empty": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    deepEqual(await session.list(fresh(), signal()), []);
  },
  "a list has nothing of sessions that were closed": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const key = fresh("members");
    await one.take([key], "a", signal());
    await one.close(signal());
    deepEqual(await two.list(key, signal()), []);
  },
  "a watch begins with a hint": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    const watch = watching(session);
    await watch.ready();
    equal(watch.keys[0], undefined);
    watch.end();
    ok(await watch.over);
  },
  "a watch hints at a key that was dropped": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const key = fresh();
    const [{ fence }] = await one.take([key], "a", signal());
    const watch = watching(two);
    await watch.ready();
    await one.drop([{ key, fence }], signal());
    await watch.sees(key);
    watch.end();
    await watch.over;
  },
  "a watch hints at keys of a session that was closed": async (
    { open, ttl },
  ) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const key = fresh();
    await one.take([key], "a", signal());
    const watch = watching(two);
    await watch.ready();
    await one.close(signal());
    await watch.sees(key);
    watch.end();
    await watch.over;
  },
  "a watch hints at members that come": async ({ open, ttl }) => {
    const [one, two] = [await open("a", ttl), await open("b", ttl)];
    const watch = watching(two);
    await watch.ready();
    const key = fresh("members");
    await one.take([key], "a", signal());
    await watch.sees(key);
    watch.end();
    await watch.over;
  },
  "a watch ends with its signal": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    const watch = watching(session);
    await watch.ready();
    watch.end();
    ok(await watch.over, "it ends by a rejection");
  },
  "three watches one after the other leave nothing behind": async (
    { open, ttl },
  ) => {
    const session = await open("a", ttl);
    for (let round = 0; round < 3; round++) {
      const watch = watching(session);
      await watch.ready();
      watch.end();
      await watch.over;
    }
    equal(await session.renew(signal()), true);
  },
  "the store has the time": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    const time = await session.time(signal());
    // Whole seconds are fine enough.
    ok(Math.abs(time - Date.now()) < 2_500, `${time - Date.now()} ms off`);
  },
  "a request ends with its signal": async ({ open, ttl }) => {
    const session = await open("a", ttl);
    const aborted = AbortSignal.abort(new Error("enough"));
    // The member does not wait for those that go on.
    await Promise.race([
      session.renew(aborted).catch(() => {}),
      sleep(1_000),
    ]);
    equal(await session.renew(signal()), true);
  },
};
