#!/usr/bin/env bash
# Guess, before trying: the last field of `Deno.cron` is the weekday of crontab(5): 0 or
# 7 is Sunday, 1 is Monday. Its type says "a cron expression", and nothing of days.
#
# Seen on Deno 2.9.5: 1 is Sunday and 7 Saturday, as in Quartz; 0 is refused as "Invalid
# cron schedule". A line that other schedulers run on Mondays runs on Sundays there,
# without a word. Names (MON) mean the same everywhere.
#
# Runs for up to a minute, until the next minute begins. Exits with 1 if it changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @deno/linux-x64-glibc@2.9.5
cat >look.mjs <<'EOT'
// Two lines for today: by crontab(5), and one more.
const next = new Date(Math.ceil(Date.now() / 60_000) * 60_000);
const today = next.getUTCDay();
const ran = [];
let refused = "none";
for (const day of [today === 0 ? 7 : today, today + 1]) {
  Deno.cron(`day ${day}`, `* * * * ${day}`, () => {
    ran.push(day - today);
  });
}
try {
  await Deno.cron("zero", "* * * * 0", () => {});
} catch (error) {
  refused = error.message;
}
setTimeout(() => {
  console.log(`ran: getUTCDay() + ${ran}; 0: ${refused}`);
  Deno.exit();
}, next - Date.now() + 2_000);
EOT
deno=node_modules/@deno/linux-x64-glibc/deno
seen=$("$deno" run --unstable-cron look.mjs)
echo "$("$deno" --version | head -n 1): $seen"
[ "$seen" = "ran: getUTCDay() + 1; 0: Invalid cron schedule" ]
