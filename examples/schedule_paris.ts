// A backup at 3 a.m. in Paris, every night, in winter and in summer. croner knows
// cron lines and time zones; its instances are schedules as they are. A fake clock
// makes the three nights around the change to summer time pass at once.

import FakeTimers from "@sinonjs/fake-timers";
import { Cron } from "croner";
import { Ticker } from "../mod.ts";

const DAY = 86_400_000;
const timezone = "Europe/Paris";
const clock = FakeTimers.install({ now: new Date("2026-03-27T12:00:00Z") });

const backup = new Ticker(new Cron("0 3 * * *", { timezone }), () => {
  const now = new Date();
  const local = now.toLocaleTimeString("en-GB", { timeZone: timezone });
  console.log(`${now.toISOString().slice(0, 16)}Z, ${local} in Paris`);
}, {
  name: "backup",
  // A machine that wakes up after 6 a.m. waits for the next night.
  lateness: 3 * 3_600_000,
});

await backup.start();
await clock.tickAsync(3 * DAY);
await backup.stop();
clock.uninstall();

// Prints:
//
// 2026-03-28T02:00Z, 03:00:00 in Paris
// 2026-03-29T01:00Z, 03:00:00 in Paris
// 2026-03-30T01:00Z, 03:00:00 in Paris
