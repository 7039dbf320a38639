/** How the lines of a metric look, and how its values are read. */

import type { Place } from "../_tree.ts";
import type { Cells } from "./_cells.ts";

/** One runner, or all those beyond the limit. */
export interface Row {
  readonly path: string;
  readonly cells: Cells;
  /** One; for those beyond the limit, all of them. */
  readonly places: Place[];
  /** Whether it stands for those beyond the limit. */
  readonly isRest: boolean;
  /** Whether it ticks. */
  ticks: boolean;
  /** Whether it has a load, as gates have. */
  hasLoad: boolean;
  /** What the runner is, once that was asked for. */
  info: Part | undefined;
}

/** What stands around the label of a runner in a line, of which there are many. */
export interface Part {
  /** What the name has more than that of its family. */
  readonly suffix: string;
  /** The labels beside `runner`. */
  readonly labels: string;
  readonly open: Uint8Array;
  readonly end: Uint8Array;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** Gives a value of a runner. */
export type Sample = (value: number, part: Part) => void;

/** When the values are read. */
export interface Moment {
  /** By `performance.now()`. */
  readonly now: number;
  /** From that scale to milliseconds since 1970. */
  readonly offset: number;
}

/** The present moment. */
export function momentOf(now = performance.now()): Moment {
  return { now, offset: Date.now() - now };
}

/** Reads the values of a runner. */
export type Read = (row: Row, sample: Sample, moment: Moment) => void;

/** A metric. */
export interface Family {
  /** Without what all begin with. */
  readonly name: string;
  /** As it stands in a line. */
  readonly full: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Gives the values of a runner. */
  readonly read: Read;
}

/** Makes the parts of a family. */
export type MakePart = (labels?: string, suffix?: string) => Part;

/** Makes a metric whose values are read by what `make` returns. */
export type MakeFamily = (
  name: string,
  type: Family["type"],
  help: string,
  make: (part: MakePart) => Read,
) => Family;

/** Makes metrics whose names begin alike. */
export function familyMaker(prefix: string): MakeFamily {
  return (name, type, help, make) => {
    const full = `${prefix}_${name}${type === "counter" ? "_total" : ""}`;
    const read = make((labels = "", suffix = "") => ({
      suffix,
      labels,
      open: encoder.encode(`${full}${suffix}{`),
      end: encoder.encode(labels ? `,${labels}} ` : "} "),
    }));
    return { name, full, type, help, read };
  };
}

/** A value of a label, as both formats have it. */
export function escaped(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")
    : value;
}

/** A number as both formats have it. */
export function bound(value: number): string {
  const shown = String(value);
  return /^\d+$/.test(shown) ? `${shown}.0` : shown;
}
