/** The text formats of Prometheus and OpenMetrics. */

import type { MetricsFormat } from "./metrics.ts";
import { END, escaped, type Family, type Row } from "./_families.ts";

// So much at once: little enough not to hold the loop up.
const CHUNK = 65_536;

/** Writes all rows of all families, in pieces. */
export function* textOf(
  prefix: string,
  families: readonly Family[],
  rows: readonly Row[],
  format: MetricsFormat,
  eof = true,
): Generator<string> {
  let out = "";
  for (const { name, type, help, read } of families) {
    const base = `${prefix}_${name}`;
    const full = type === "counter" ? `${base}_total` : base;
    const title = format === "openmetrics" ? base : full;
    out += `# HELP ${title} ${help}\n# TYPE ${title} ${type}\n`;
    let label = "";
    const opens: Record<string, string> = {};
    // As few pieces as can be: each costs, and there may be a hundred thousand.
    const sample = (value: number, end = END, suffix = "") => {
      const open = opens[suffix] ??= `${full}${suffix}{`;
      out += open + label + end + value + "\n";
    };
    for (const row of rows) {
      label = row.label;
      read(row, sample);
      if (out.length < CHUNK) continue;
      yield out;
      out = "";
    }
  }
  yield format === "openmetrics" && eof ? `${out}# EOF\n` : out;
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
export function labelOf(path: string): string {
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
