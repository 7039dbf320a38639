import {
  afterEach,
  beforeEach,
  expect,
  jest,
  setSystemTime,
  test,
} from "bun:test";
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

// It has no advance that waits: so by less than an interval, a moment between.
async function pass(ms) {
  for (let passed = 0; passed < ms; passed += 500) {
    jest.advanceTimersByTime(500);
    await undefined;
    await undefined;
    await undefined;
  }
}

test("an hour of ticks that wait", async () => {
  const { ticks, said, stopping } = await hour(() => pass(HOUR), wait);
  expect(ticks).toBe(3_600);
  await pass(100);
  await stopping;
  console.log(said);
});

test("setSystemTime moves no timer", async () => {
  const { ticks, stopping } = await hour(() => {
    setSystemTime(new Date(Date.now() + HOUR));
  });
  expect(ticks).toBe(0);
  await stopping;
});

test("AbortSignal.timeout goes by the clock", async () => {
  const pass = () => void jest.advanceTimersByTime(HOUR);
  expect(await isLimitFaked(pass)).toBe(true);
});
