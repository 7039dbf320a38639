import { install } from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, hour, isLimitFaked, wait } from "./hour.mjs";

test("an hour of ticks", async () => {
  const clock = install();
  const { ticks, said, stopping } = await hour(() => void clock.tick(HOUR));
  assert.equal(ticks, 3_600);
  await stopping;
  clock.uninstall();
  console.log(said);
});

test("an hour of ticks that wait", async () => {
  const clock = install();
  const { ticks, said, stopping } = await hour(
    () => clock.tickAsync(HOUR),
    wait,
  );
  assert.equal(ticks, 3_600);
  await clock.tickAsync(100);
  await stopping;
  clock.uninstall();
  console.log(said);
});

test("a system time that is set moves no timer", async () => {
  const clock = install();
  const { ticks, stopping } = await hour(() => {
    clock.setSystemTime(Date.now() + HOUR);
  });
  assert.equal(ticks, 0);
  await stopping;
  clock.uninstall();
});

test("AbortSignal.timeout stays real", async () => {
  const clock = install();
  assert.equal(await isLimitFaked(() => void clock.tick(HOUR)), false);
  clock.uninstall();
});
