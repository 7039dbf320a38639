// A fleet that reports every hour, spread over ten minutes, so that the server is
// not asked by all at once. Each machine draws its place from its name: it stays
// the same after a restart, and a preview on any machine shows what each will do.

import { createHash } from "node:crypto";
import { every, jitter, preview } from "../schedule/mod.ts";

/** A number from 0 up to 1 for a text, always the same. */
function share(text: string): number {
  const hash = createHash("sha256").update(text).digest();
  return hash.readUInt32BE() / 2 ** 32;
}

const from = new Date("2026-12-01T08:30:00Z");
for (const name of ["amsterdam-1", "amsterdam-2", "tokyo-1"]) {
  const reports = jitter(every(3_600_000), 600_000, {
    random: () => share(name),
  });
  const runs = preview(reports, { from, count: 2 });
  console.log(name, ...runs.map((run) => run.toISOString().slice(11, 19)));
}

// Prints:
//
// amsterdam-1 09:09:44 10:09:44
// amsterdam-2 09:04:50 10:04:50
// tokyo-1 09:08:41 10:08:41
