// Probes every half an hour, except in the maintenance window of each Sunday from
// 2 to 4 in the morning, and except on the day of the move. A window is known by
// its ends; one that comes again and again is a schedule of the runs it blocks.

import { Cron } from "croner";
import { every, except, preview } from "../schedule/mod.ts";

const sundays = new Cron("* 2-3 * * 0", { timezone: "Europe/Berlin" });
const move = {
  from: new Date("2026-12-06T05:00:00Z"),
  until: new Date("2026-12-06T20:00:00Z"),
};
const probes = except(except(every(30 * 60_000), sundays), move);

const from = new Date("2026-12-06T00:00:00Z");
for (const run of preview(probes, { from, count: 8 })) {
  console.log(run.toISOString());
}

// Prints:
//
// 2026-12-06T00:30:00.000Z
// 2026-12-06T03:00:00.000Z
// 2026-12-06T03:30:00.000Z
// 2026-12-06T04:00:00.000Z
// 2026-12-06T04:30:00.000Z
// 2026-12-06T20:00:00.000Z
// 2026-12-06T20:30:00.000Z
// 2026-12-06T21:00:00.000Z
