import { FakeTime } from "@std/testing/time";
import { HOUR, hour, isLimitFaked, wait } from "./hour.mjs";

function assertHour(ticks) {
  if (ticks !== 3_600) throw new Error(`${ticks} ticks`);
}

Deno.test("an hour of ticks", async () => {
  const time = new FakeTime();
  const { ticks, said, stopping } = await hour(() => time.tick(HOUR));
  assertHour(ticks);
  await stopping;
  time.restore();
  console.log(said);
});

Deno.test("AbortSignal.timeout goes by the clock, performance does not", async () => {
  const time = new FakeTime();
  const before = performance.now();
  const isFaked = await isLimitFaked(() => time.tick(HOUR));
  const passed = performance.now() - before;
  time.restore();
  if (!isFaked || passed >= HOUR) throw new Error(`${isFaked}, ${passed} ms`);
});

Deno.test("an hour of ticks that wait", async () => {
  const time = new FakeTime();
  // It waits before it advances, not at each timer: so by less than an interval.
  const pass = async (ms) => {
    for (let passed = 0; passed < ms; passed += 500) await time.tickAsync(500);
  };
  const { ticks, said, stopping } = await hour(() => pass(HOUR), wait);
  assertHour(ticks);
  await pass(200);
  await stopping;
  time.restore();
  console.log(said);
});
