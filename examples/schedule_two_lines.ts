// Two cron lines for one job: each quarter of an hour while the office is open,
// and once more at midnight. Where both name a moment, it is one run.

import { Cron } from "croner";
import { anyOf, preview } from "../schedule/mod.ts";

const timezone = "America/New_York";
const office = new Cron("*/15 9-16 * * 1-5", { timezone });
const midnight = new Cron("0 0 * * *", { timezone });

const runs = preview(anyOf(office, midnight), {
  from: new Date("2026-11-24T21:20:00Z"),
  count: 4,
});
for (const run of runs) {
  console.log(run.toLocaleString("en-GB", { timeZone: timezone }));
}

// Prints:
//
// 24/11/2026, 16:30:00
// 24/11/2026, 16:45:00
// 25/11/2026, 00:00:00
// 25/11/2026, 09:00:00
