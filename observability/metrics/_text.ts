/** The text formats of Prometheus and OpenMetrics. */

import type { MetricsFormat } from "./format.ts";
import { Writer } from "./_writer.ts";
import {
  escaped,
  type Family,
  momentOf,
  type Row,
  type Sample,
} from "./_family.ts";

// So much at once: little enough not to hold the loop up.
const CHUNK = 65_536;

/** Writes all rows of all families, in pieces that end with a line. */
export function* textOf(
  prefix: string,
  families: readonly Family[],
  rows: readonly Row[],
  format: MetricsFormat,
  eof = true,
): Generator<Uint8Array<ArrayBuffer>> {
  const out = new Writer(CHUNK);
  // The labels of all rows, one after the other: each is written many times.
  const writer = new Writer(32 * rows.length);
  const ends = Uint32Array.from(
    rows,
    ({ path }) => (writer.text(labelOf(path)), writer.length),
  );
  const labels = writer.bytes;
  let from = 0;
  let to = 0;
  const sample: Sample = (value, { open, end }) =>
    out.line(open, labels, from, to, end, value);
  for (const { name, full, type, help, read } of families) {
    const title = format === "openmetrics" ? `${prefix}_${name}` : full;
    out.text(`# HELP ${title} ${help}\n# TYPE ${title} ${type}\n`);
    const moment = momentOf();
    for (let index = 0; index < rows.length; index++) {
      from = index ? ends[index - 1]! : 0;
      to = ends[index]!;
      read(rows[index]!, sample, moment);
      if (out.length >= CHUNK) yield out.take();
    }
  }
  if (format === "openmetrics" && eof) out.text("# EOF\n");
  yield out.take();
}

/** A family of one value without labels. */
export function single(
  base: string,
  type: "gauge",
  help: string,
  value: number,
): string {
  return `# HELP ${base} ${help}\n# TYPE ${base} ${type}\n${base} ${value}\n`;
}

/** The label of a path. */
function labelOf(path: string): string {
  return `runner="${escaped(path)}"`;
}

/** How much a client wants something, by a header such as `accept`: 0 to 1. */
export function wanted(header: string, pattern: RegExp): number {
  let most = 0;
  for (const each of header.toLowerCase().split(",")) {
    const [name, ...values] = each.split(";").map((part) => part.trim());
    if (!pattern.test(name!)) continue;
    const q = values.find((value) => value.startsWith("q="))?.slice(2) ?? "1";
    most = Math.max(most, Number(q) || 0);
  }
  return most;
}
