/** Which metrics of runners there are. */

import { DEFAULT_RULE, stalledFor } from "../_stall.ts";
import { kindOf, type Place } from "../_tree.ts";
import {
  BUCKETS,
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
import {
  bound,
  escaped,
  type Family,
  type MakeFamily,
  type MakePart,
  type Part,
  type Read,
  type Row,
} from "./_family.ts";

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
  readonly #make: MakePart;
  readonly #parts = new Map<string, Part>();

  constructor(make: MakePart) {
    this.#make = make;
  }

  get(kind: string, above: string): Part {
    const labels = `kind="${kind}",supervisor="${escaped(above)}"`;
    // Supervisors may come and go.
    if (this.#parts.size > 1_000) this.#parts.clear();
    const part = this.#parts.get(labels) ?? this.#make(labels);
    this.#parts.set(labels, part);
    return part;
  }
}

/** A value that lies in one cell. */
function cell(index: number): (part: MakePart) => Read {
  return (part) => {
    const only = part();
    return ({ cells }, sample) => sample(cells.get(index), only);
  };
}

/** The metrics of runners, in their order. */
export function familiesOf(
  family: MakeFamily,
  bounds: readonly number[],
): Family[] {
  const ticking =
    (make: (part: MakePart) => Read): (part: MakePart) => Read => (part) => {
      const read = make(part);
      return (row, sample, moment) => {
        if (row.ticks) read(row, sample, moment);
      };
    };
  const counted =
    (is: (place: Place, now: number) => boolean): (part: MakePart) => Read =>
    (part) => {
      const only = part();
      return (row, sample, { now }) =>
        sample(count(row, (place) => is(place, now)), only);
    };
  return [
    family(
      "ticks",
      "counter",
      "Ticks that ended, by outcome.",
      ticking((part) => {
        const success = part('outcome="success"');
        const error = part('outcome="error"');
        const skip = part('outcome="skipped"');
        return ({ cells }, sample) => {
          sample(cells.get(DONE), success);
          sample(cells.get(FAILED), error);
          const skipped = cells.get(SKIPPED);
          if (skipped) sample(skipped, skip);
        };
      }),
    ),
    family(
      "ticks_missed",
      "counter",
      "Points of the grid, or runs of the schedule, that passed without a tick.",
      ticking(cell(MISSED)),
    ),
    family(
      "tick_duration_seconds",
      "histogram",
      "How long ticks took.",
      ticking((part) => {
        const edges = [...bounds.map(bound), "+Inf"].map((edge) =>
          part(`le="${edge}"`, "_bucket")
        );
        const sumOf = part("", "_sum");
        const countOf = part("", "_count");
        return ({ cells }, sample) => {
          let sum = 0;
          for (let index = 0; index < edges.length; index++) {
            sum += cells.get(BUCKETS + index);
            sample(sum, edges[index]!);
          }
          sample(cells.get(DURATION) / 1_000, sumOf);
          sample(sum, countOf);
        };
      }),
    ),
    family(
      "tick_lateness_seconds",
      "counter",
      "How late ticks began, in sum.",
      ticking((part) => {
        const only = part();
        return ({ cells }, sample) => sample(cells.get(LATENESS) / 1_000, only);
      }),
    ),
    family(
      "last_success_timestamp_seconds",
      "gauge",
      "When a tick last ended without an error, in seconds since 1970.",
      (part) => {
        const only = part();
        return ({ cells, isRest }, sample, { offset }) => {
          const at = cells.get(SUCCESS);
          if (at && !isRest) sample(Math.round(at + offset) / 1_000, only);
        };
      },
    ),
    family(
      "next_run_timestamp_seconds",
      "gauge",
      "When the next tick is due, in seconds since 1970.",
      (part) => {
        const only = part();
        return ({ places, isRest }, sample) => {
          if (isRest) return;
          for (const { runner } of places) {
            const next = runner?.nextRun?.getTime();
            if (next) sample(next / 1_000, only);
          }
        };
      },
    ),
    family(
      "up",
      "gauge",
      "Whether the runner is running.",
      counted(({ runner }) => runner?.isRunning() === true),
    ),
    family(
      "stalled",
      "gauge",
      "Whether the runner is running and does not get on.",
      counted((place, now) => stalledFor(place, DEFAULT_RULE, now) > 0),
    ),
    family(
      "starts",
      "counter",
      "How often the runner was launched.",
      cell(STARTS),
    ),
    family(
      "errors",
      "counter",
      "Errors that the runner recorded, by the function they came from.",
      (part) => {
        const phases = PHASES.map((phase) => part(`phase="${phase}"`));
        return ({ cells }, sample) => {
          for (let index = 0; index < phases.length; index++) {
            sample(cells.get(ERRORS + index), phases[index]!);
          }
        };
      },
    ),
    family(
      "restarts",
      "counter",
      "Restarts that the runner's supervisor planned for it.",
      cell(RESTARTS),
    ),
    family(
      "circuit_open",
      "gauge",
      "Whether the runner's supervisor has given it up for a while.",
      counted(({ view }) => view?.circuit === "open"),
    ),
    family(
      "info",
      "gauge",
      "What the runner is, and what runs it.",
      (part) => {
        const known = new Known(part);
        return (row, sample) => {
          if (row.isRest) return;
          const place = row.places[0]!;
          row.info ??= known.get(kindOf(place), place.parent?.path ?? "");
          sample(1, row.info);
        };
      },
    ),
  ];
}
