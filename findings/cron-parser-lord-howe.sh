#!/usr/bin/env bash
# Best guess before looking: cron-parser 5 finds the next 01:00 in Australia/Lord_Howe,
# where the clocks go back by half an hour in April, as it finds every other run: one
# day on, the first of the two if the time comes twice.
# Seen: "Invalid expression, loop limit exceeded", for a valid expression and date.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund cron-parser@5.10.6
cat >look.mjs <<'END'
import { CronExpressionParser } from "cron-parser";

console.log(`node ${process.version}, cron-parser 5.10.6`);
// Half past midnight in Lord Howe, on the day before the change.
let moment = new Date("2026-04-03T13:30:00Z");
const tz = "Australia/Lord_Howe";
try {
  for (let run = 0; run < 4; run++) {
    moment = CronExpressionParser.parse("0 1 * * *", {
      tz,
      currentDate: moment,
    }).next().toDate();
    console.log(moment.toISOString());
  }
  console.log("expected: as found; seen: a run for each day");
  process.exitCode = 1;
} catch (error) {
  console.log(`expected: a run for each day; seen: ${error.message}`);
}
END
node look.mjs
