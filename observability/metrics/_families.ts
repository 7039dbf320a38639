/** Which metrics there are, and how the lines of each look. */

import { DEFAULT_RULE, stalledFor } from "../_stall.ts";
import { kindOf, type Place } from "../_tree.ts";
import {
  BUCKETS,
  type Cells,
  DONE,
  DURATION,
  ERRORS,
  FAILED,
  LATENESS,
  MISSED,
  PHASES,
  RESTARTS,
  SKIPPED,
  STARTS,
  SUCCESS,
} from "./_cells.ts";

/** One runner, or all those beyond the limit. */
export interface Row {
  readonly path: string;
  /** `runner="…"`. */
  readonly label: string;
  readonly cells: Cells;
  /** One; for those beyond the limit, all of them. */
  readonly places: Place[];
  /** Whether it stands for those beyond the limit. */
  readonly isRest: boolean;
  /** Whether it ticks. */
  ticks: boolean;
}

/** A text, and its bytes. */
export interface Piece {
  readonly text: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** A text that is written many times. */
export function pieceOf(text: string): Piece {
  return { text, bytes: encoder.encode(text) };
}

/**
 * A value, with the end of its labels: what it has beside `runner`, and the brace;
 * and with what its name has more than that of its family.
 */
export type Sample = (value: number, end?: Piece, suffix?: string) => void;

/** A metric. */
export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly unit?: string;
  /** Gives the values of a runner. */
  read(row: Row, sample: Sample): void;
}

/** A value of a label, as both formats have it. */
export function escaped(value: string): string {
  return value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
}

/** The end of the labels where there is none beside `runner`. */
export const END = "} ";

/** A number as both formats have it. */
export function bound(value: number): string {
  const shown = String(value);
  return /^\d+$/.test(shown) ? `${shown}.0` : shown;
}

/** From the scale of `performance.now()` to seconds since 1970. */
function epoch(ms: number): number {
  return (Date.now() - performance.now() + ms) / 1_000;
}

function count(
  { places }: Row,
  is: (place: Place) => boolean,
): number {
  let sum = 0;
  for (const place of places) if (is(place)) sum++;
  return sum;
}

/** What is said of kinds and supervisors: many runners share it. */
class Known {
  readonly #pieces = new Map<string, Map<string, Piece>>();
  #size = 0;

  get(kind: string, above: string): Piece {
    const found = this.#pieces.get(kind)?.get(above);
    if (found) return found;
    // Supervisors may come and go.
    if (this.#size++ > 1_000) {
      this.#pieces.clear();
      this.#size = 0;
    }
    const label = `,kind="${kind}",supervisor="${escaped(above)}"} `;
    const piece = pieceOf(label);
    const own = this.#pieces.get(kind) ?? new Map<string, Piece>();
    this.#pieces.set(kind, own.set(above, piece));
    return piece;
  }
}

/** The metrics of runners, in their order. */
export function familiesOf(bounds: readonly number[]): Family[] {
  const end = pieceOf(END);
  const known = new Known();
  const labelled = (name: string, values: readonly string[]) =>
    values.map((value) => pieceOf(`,${name}="${value}"} `));
  const edges = labelled("le", [...bounds.map(bound), "+Inf"]);
  const phases = labelled("phase", PHASES);
  const [success, error, skip] = labelled("outcome", [
    "success",
    "error",
    "skipped",
  ]);
  const ticking = (read: Family["read"]): Family["read"] => (row, sample) => {
    if (row.ticks) read(row, sample);
  };
  const cell = (index: number, factor = 1): Family["read"] => (row, sample) =>
    sample(row.cells.get(index) / factor);
  return [
    {
      name: "ticks",
      type: "counter",
      help: "Ticks that ended, by outcome.",
      read: ticking(({ cells }, sample) => {
        sample(cells.get(DONE), success);
        sample(cells.get(FAILED), error);
        const skipped = cells.get(SKIPPED);
        if (skipped) sample(skipped, skip);
      }),
    },
    {
      name: "ticks_missed",
      type: "counter",
      help:
        "Points of the grid, or runs of the schedule, that passed without a tick.",
      read: ticking(cell(MISSED)),
    },
    {
      name: "tick_duration_seconds",
      type: "histogram",
      help: "How long ticks took.",
      read: ticking(({ cells }, sample) => {
        let sum = 0;
        for (let index = 0; index < edges.length; index++) {
          sum += cells.get(BUCKETS + index);
          sample(sum, edges[index], "_bucket");
        }
        sample(cells.get(DURATION) / 1_000, end, "_sum");
        sample(sum, end, "_count");
      }),
    },
    {
      name: "tick_lateness_seconds",
      type: "counter",
      help: "How late ticks began, in sum.",
      read: ticking(cell(LATENESS, 1_000)),
    },
    {
      name: "last_success_timestamp_seconds",
      type: "gauge",
      help: "When a tick last ended without an error, in seconds since 1970.",
      read({ cells, isRest }, sample) {
        const at = cells.get(SUCCESS);
        if (at && !isRest) sample(epoch(at));
      },
    },
    {
      name: "next_run_timestamp_seconds",
      type: "gauge",
      help: "When the next tick is due, in seconds since 1970.",
      read({ places, isRest }, sample) {
        if (isRest) return;
        for (const { runner } of places) {
          const next = runner?.nextRun?.getTime();
          if (next) sample(next / 1_000);
        }
      },
    },
    {
      name: "up",
      type: "gauge",
      help: "Whether the runner is running.",
      read(row, sample) {
        sample(count(row, ({ runner }) => runner?.isRunning() === true));
      },
    },
    {
      name: "stalled",
      type: "gauge",
      help: "Whether the runner is running and does not get on.",
      read(row, sample) {
        sample(count(row, (each) => stalledFor(each, DEFAULT_RULE) > 0));
      },
    },
    {
      name: "starts",
      type: "counter",
      help: "How often the runner was launched.",
      read: cell(STARTS),
    },
    {
      name: "errors",
      type: "counter",
      help: "Errors that the runner recorded, by the function they came from.",
      read({ cells }, sample) {
        PHASES.forEach((_phase, index) =>
          sample(cells.get(ERRORS + index), phases[index])
        );
      },
    },
    {
      name: "restarts",
      type: "counter",
      help: "Restarts that the runner's supervisor planned for it.",
      read: cell(RESTARTS),
    },
    {
      name: "circuit_open",
      type: "gauge",
      help: "Whether the runner's supervisor has given it up for a while.",
      read(row, sample) {
        sample(count(row, ({ view }) => view?.circuit === "open"));
      },
    },
    {
      name: "info",
      type: "gauge",
      help: "What the runner is, and what runs it.",
      read({ places, isRest }, sample) {
        if (isRest) return;
        for (const place of places) {
          sample(1, known.get(kindOf(place), place.parent?.path ?? ""));
        }
      },
    },
  ];
}
