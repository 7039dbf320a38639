/** Which runner has which numbers. */

import { peek } from "../../_internal/errors.ts";
import type { ErrorRecord, Runner } from "../../runner.ts";
import { OTHER } from "../_names.ts";
import { follow, unfollow } from "../_observer.ts";
import type { Place, Watched } from "../_tree.ts";
import { STARTS, type Store } from "./_cells.ts";
import type { Row } from "./_family.ts";

/** The rows of all runners; those beyond the most share one. */
export class Rows {
  readonly #store: Store;
  readonly #most: number;
  readonly #rows = new Map<string, Row>();

  constructor(store: Store, most: number) {
    this.#store = store;
    this.#most = most;
  }

  /** How many runners have no numbers of their own. */
  get dropped(): number {
    return this.#rows.get(OTHER)?.places.length ?? 0;
  }

  get(path: string): Row | undefined {
    return this.#rows.get(path);
  }

  all(): Row[] {
    return [...this.#rows.values()];
  }

  paths(): string[] {
    return [...this.#rows.keys()];
  }

  pathOf(runner: Runner): string | undefined {
    for (const { places } of this.#rows.values()) {
      const place = places.find((each) => each.runner === runner);
      if (place) return place.path;
    }
    return undefined;
  }

  /** The row of a place that has none yet, which joins it. */
  #rowOf(place: Place): Row {
    const { path } = place;
    const rest = this.#rows.get(OTHER);
    const known = this.#rows.get(path);
    const isRest = !known && this.#rows.size - +!!rest >= this.#most;
    const shared = known ?? (isRest ? rest : undefined);
    if (shared) {
      shared.places.push(place);
      return shared;
    }
    const row: Row = {
      path: isRest ? OTHER : path,
      cells: this.#store.take(),
      // Not pushed, which makes room for many.
      places: [place],
      isRest,
      ticks: false,
      hasLoad: false,
      info: undefined,
    };
    this.#rows.set(row.path, row);
    return row;
  }

  join(place: Place, isOpening: boolean): void {
    const row = rowAt(place) ?? this.#rowOf(place);
    place.held = row;
    const runner = place.runner!;
    row.ticks ||= "tick" in runner || peek(runner, "ticks") !== undefined;
    row.hasLoad ||= typeof peek(runner, "load") === "function";
    row.info = undefined;
    const log = isOpening ? [] : errorsOf(runner);
    for (const { phase } of log) row.cells.error(phase);
    // A supervisor tells of one that it has just made when that has begun.
    if (runner.isRunning() || log.length) row.cells.add(STARTS);
    follow(runner, row.cells);
  }

  leave(place: Place, isGone: boolean): void {
    const row = rowAt(place);
    if (!row) return;
    if (place.runner) unfollow(place.runner, row.cells);
    // One that is made anew for each start keeps its numbers.
    if (!isGone) return;
    place.held = undefined;
    // The order of those that share a row is that of nothing.
    const { places } = row;
    const last = places.pop()!;
    if (last !== place) places[places.indexOf(place)] = last;
    if (places.length) return;
    this.#rows.delete(row.path);
    this.#store.give(row.cells);
  }
}

/** Where the numbers of a place are. */
export function rowAt({ held }: Place): Row | undefined {
  return held as Row | undefined;
}

/** What a runner has recorded since its launch. */
function errorsOf(runner: Watched): readonly ErrorRecord[] {
  try {
    return runner.errorsLog?.() ?? [];
  } catch {
    return [];
  }
}
