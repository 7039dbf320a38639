import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HOUR, hour, isLimitFaked, wait } from "./hour.mjs";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("an hour of ticks", async () => {
  const { ticks, said, stopping } = await hour(() => {
    vi.advanceTimersByTime(HOUR);
  });
  expect(ticks).toBe(3_600);
  await stopping;
  console.log(said);
});

test("an hour of ticks that wait", async () => {
  const pass = () => vi.advanceTimersByTimeAsync(HOUR);
  const { ticks, said, stopping } = await hour(pass, wait);
  expect(ticks).toBe(3_600);
  await vi.advanceTimersByTimeAsync(100);
  await stopping;
  console.log(said);
});

test("a system time that is set moves no timer", async () => {
  const { ticks, stopping } = await hour(() => {
    vi.setSystemTime(Date.now() + HOUR);
  });
  expect(ticks).toBe(0);
  await stopping;
});

test("AbortSignal.timeout stays real", async () => {
  const pass = () => void vi.advanceTimersByTime(HOUR);
  expect(await isLimitFaked(pass)).toBe(false);
});
