import { Timer } from "../_internal/timer.ts";

/** Waits for at least one turn of the event loop, in which what came is read. */
export function pause(ms: number, timer = new Timer()): Promise<void> {
  return new Promise((passed) => void timer.arm(ms, passed));
}
