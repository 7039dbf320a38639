import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { HOUR, hour, isLimitFaked, wait } from "./hour.mjs";

// One tick() of an hour sets the clock an hour on, and only then calls what became
// due, once: so second by second.
function pass(ms) {
  for (let passed = 0; passed < ms; passed += 1_000) mock.timers.tick(1_000);
}

async function passAsync(ms) {
  for (let passed = 0; passed < ms; passed += 500) {
    mock.timers.tick(500);
    await undefined;
    await undefined;
    await undefined;
  }
}

// Where `Date` is not faked too, nothing that can be read moves with the timers:
// how long a tick took cannot be known there, and is not counted.
const noWait = () => Promise.resolve();

for (
  const { apis, work } of [
    { apis: ["setTimeout", "Date"], work: wait },
    { apis: ["setTimeout"], work: noWait },
  ]
) {
  test(`an hour of ticks, with ${apis.join(" and ")}`, async () => {
    mock.timers.enable({ apis });
    const { ticks, said, stopping } = await hour(() => pass(HOUR));
    assert.equal(ticks, 3_600);
    await stopping;
    mock.timers.reset();
    console.log(said);
  });

  test(`an hour of async ticks, with ${apis.join(" and ")}`, async () => {
    mock.timers.enable({ apis });
    const { ticks, said, stopping } = await hour(() => passAsync(HOUR), work);
    assert.equal(ticks, 3_600);
    await passAsync(100);
    await stopping;
    mock.timers.reset();
    console.log(said);
  });
}

test("an hour at once is one late tick", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { ticks, missed, stopping } = await hour(() => mock.timers.tick(HOUR));
  assert.deepEqual([ticks, missed], [1, 3_599]);
  await stopping;
  mock.timers.reset();
});

test("AbortSignal.timeout stays real", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  assert.equal(await isLimitFaked(() => mock.timers.tick(HOUR)), false);
  mock.timers.reset();
});

test("a time that is set moves no timer", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { ticks, stopping } = await hour(() => {
    mock.timers.setTime(Date.now() + HOUR);
  });
  assert.equal(ticks, 0);
  await stopping;
  mock.timers.reset();
});
