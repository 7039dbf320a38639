/** How numbers are said to a person. */

import type { RecentTick } from "../metrics/mod.ts";
import type { Model, Row, Word } from "./_model.ts";

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** A duration in its two greatest units. */
export function lasting(ms: number): string {
  if (ms < 10) return `${Number(ms.toPrecision(2))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const first = UNITS.findIndex(([, size]) => ms >= size);
  const [name, size] = UNITS[first]!;
  const count = Math.floor(ms / size);
  const below = UNITS[first + 1];
  const rest = below ? Math.floor((ms % size) / below[1]) : 0;
  return `${count} ${name}${rest ? ` ${rest} ${below![0]}` : ""}`;
}

/** When something is due. */
export function due(ms: number | undefined): string {
  if (ms === undefined) return "";
  if (ms >= 0) return ms < 1_000 ? "now" : `in ${lasting(ms)}`;
  return ms > -1_000 ? "now" : `${lasting(-ms)} late`;
}

/** A time of day, in UTC. */
export function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** The time of day; the day, where that is another. */
function moment(at: number, now: number): string {
  const day = new Date(at).toISOString().slice(0, 10);
  return day === new Date(now).toISOString().slice(0, 10) ? clock(at) : day;
}

const SIGNS: { readonly [word in Word]: string } = {
  "stalled": "✗",
  "given up": "✗",
  "failed": "✗",
  "waiting": "↻",
  "failing": "⚠",
  "stopping": "…",
  "starting": "…",
  "running": "✓",
  "stopped": "○",
};

const COLOURS: { readonly [word in Word]: string } = {
  "stalled": "bad",
  "given up": "bad",
  "failed": "bad",
  "waiting": "warn",
  "failing": "warn",
  "stopping": "calm",
  "starting": "calm",
  "running": "good",
  "stopped": "calm",
};

const HEIGHT = 16;

/** One of the last ticks as a stroke, its height by the logarithm of its duration. */
function stroke({ duration }: RecentTick, index: number): string {
  // From 0.01 ms to 100 s.
  const part = Math.min(Math.max(Math.log10(duration || 1e-9) + 2, 0), 7) / 7;
  const top = HEIGHT - 2 - Math.round(part * (HEIGHT - 3));
  return `M${2 * index + 1} ${HEIGHT}V${top}`;
}

function strokes(recent: readonly RecentTick[], failed: boolean): string {
  return recent.map((each, index) =>
    each.failed === failed ? stroke(each, index) : ""
  ).join("") || "M0 0";
}

function spark({ recent, lastDuration }: Row): string {
  const last = recent.at(-1)?.duration ?? lastDuration;
  if (last === undefined) return "";
  const sorted = recent.map(({ duration }) => duration).sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  const rest = middle === undefined
    ? ""
    : `, median ${lasting(middle)}, longest ${lasting(sorted.at(-1)!)}`;
  return `last ${lasting(last)}${rest}`;
}

/** A count; nothing where nobody counts. */
function count(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

/** What comes next, or what keeps it from coming. */
function coming({ attempt, busy = 0, gate, next }: Row): string {
  if (attempt !== undefined) return `start ${due(attempt)}`;
  if (gate) return `${gate.running} at work, ${gate.waiting} wait`;
  return busy > 1_000 ? `busy for ${lasting(busy)}` : due(next);
}

/** How long what is not a number is seen: "stopped" has no uptime. */
function uptime({ uptime }: Row): string {
  return uptime ? lasting(uptime) : "";
}

/**
 * What the slots of a row hold, in the order of the template: texts, and values of
 * attributes.
 */
export function slotsOf(row: Row, now: number): string[] {
  const { word, path, kind, error, recent } = row;
  return [
    COLOURS[word],
    SIGNS[word],
    word,
    path,
    kind,
    uptime(row),
    coming(row),
    count(row.ticks),
    row.failed === undefined ? "void" : row.failed ? "n warn" : "n",
    count(row.failed),
    count(row.missed),
    spark(row) ? "" : "void",
    recent.length ? "" : "none",
    strokes(recent, false),
    strokes(recent, true),
    spark(row),
    count(row.restarts),
    error ? "" : "none",
    error?.at ? moment(error.at, now) : "",
    error ? error.message.split("\n")[0]!.slice(0, 80) : "",
    error
      ? `${
        error.at ? `${new Date(error.at).toISOString()}\n` : ""
      }${error.message}`
      : "",
  ];
}

/** An icon that says how it is, by its shape and its colour. */
function icon(isBad: boolean): string {
  const [colour, path] = isBad
    ? ["%23b42318", "M5 5L11 11M11 5L5 11"]
    : ["%231a7f37", "M4 8L7 11L12 5"];
  return `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='3' fill='${colour}'/><path d='${path}' stroke='white' stroke-width='2' fill='none'/></svg>`;
}

/** What is said above the table. */
export function headOf(model: Model, title: string): string[] {
  const { bad, flawed, total, rows, health, at } = model;
  const flaws = flawed ? `, ${flawed} with failed ticks` : "";
  const found = (bad ? `${bad} of ${total} not well` : `all ${total} well`) +
    flaws;
  const checks = (health?.findings ?? [])
    .filter(({ status }) => status !== "pass")
    .map(({ name, output }) => `${name}: ${output ?? "fails"}`);
  const isBad = bad > 0 || health?.status === "fail";
  const more = total - rows.length;
  return [
    `${isBad ? "✗" : "✓"} ${found} · ${title}`,
    icon(isBad),
    isBad ? "bad" : "good",
    `${isBad ? "✗" : "✓"} ${found}`,
    health ? `health: ${health.status}` : "",
    checks.slice(0, 20).join("\n"),
    more > 0 ? `and ${more} more, none of them worse` : "",
    `as of ${clock(at)} UTC`,
  ];
}
