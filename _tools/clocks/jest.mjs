import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { HOUR, hour, isLimitFaked, wait } from "./hour.mjs";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("an hour of ticks", async () => {
  const { ticks, said, stopping } = await hour(() => {
    jest.advanceTimersByTime(HOUR);
  });
  expect(ticks).toBe(3_600);
  await stopping;
  console.log(said);
});

test("an hour of ticks that wait", async () => {
  const pass = () => jest.advanceTimersByTimeAsync(HOUR);
  const { ticks, said, stopping } = await hour(pass, wait);
  expect(ticks).toBe(3_600);
  await jest.advanceTimersByTimeAsync(100);
  await stopping;
  console.log(said);
});

test("a system time that is set moves no timer", async () => {
  const { ticks, stopping } = await hour(() => {
    jest.setSystemTime(Date.now() + HOUR);
  });
  expect(ticks).toBe(0);
  await stopping;
});

test("AbortSignal.timeout stays real", async () => {
  const pass = () => void jest.advanceTimersByTime(HOUR);
  expect(await isLimitFaked(pass)).toBe(false);
});
