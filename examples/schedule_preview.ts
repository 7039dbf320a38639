// A look at a schedule before it is deployed: its next runs as a table, across the
// night in which the clocks go back.

import { Cron } from "croner";
import { preview } from "../schedule/mod.ts";

const timeZone = "Europe/Paris";
const schedule = new Cron("30 2 * * *", { timezone: timeZone });
const format = new Intl.DateTimeFormat("en-GB", {
  timeZone,
  weekday: "short",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
});

let last = new Date("2026-10-23T12:00:00Z");
console.log("UTC                | Europe/Paris            | hours since");
console.log("-------------------|-------------------------|------------");
for (const run of preview(schedule, { from: last, count: 4 })) {
  const utc = run.toISOString().slice(0, 16).replace("T", " ");
  const hours = (run.getTime() - last.getTime()) / 3_600_000;
  console.log(`${utc}   | ${format.format(run).padEnd(23)} | ${hours}`);
  last = run;
}

// Prints:
//
// UTC                | Europe/Paris            | hours since
// -------------------|-------------------------|------------
// 2026-10-24 00:30   | Sat, 24/10/2026, 02:30  | 12.5
// 2026-10-25 00:30   | Sun, 25/10/2026, 02:30  | 24
// 2026-10-26 01:30   | Mon, 26/10/2026, 02:30  | 25
// 2026-10-27 01:30   | Tue, 27/10/2026, 02:30  | 24
