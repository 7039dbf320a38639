/** A binary heap whose entries know their place, so that any of them can leave. */

/** What a heap orders: the lower key first, then the lower number. */
export interface Entry {
  /** The order, the lowest first. */
  readonly key: number;
  /** Counts the entries, for equal keys to keep their order. */
  readonly turn: number;
  /** Where it stands in its heap; the heap writes it. */
  place: number;
}

/** Whether one entry comes before another. */
export function isBefore(a: Entry, b: Entry): boolean {
  return a.key < b.key || a.key === b.key && a.turn < b.turn;
}

/** Entries in order. */
export class Heap<T extends Entry> {
  readonly #entries: T[] = [];

  /** The entry that comes before all others. */
  get first(): T | undefined {
    return this.#entries[0];
  }

  get size(): number {
    return this.#entries.length;
  }

  add(entry: T): void {
    this.#rise(entry, this.#entries.push(entry) - 1);
  }

  /** Takes an entry out, wherever it stands. */
  remove(entry: T): void {
    const entries = this.#entries;
    const { place } = entry;
    const last = entries.pop()!;
    if (last === entry) return;
    const parent = entries[(place - 1) >> 1];
    if (parent && isBefore(last, parent)) this.#rise(last, place);
    else this.#sink(last, place);
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#entries[Symbol.iterator]();
  }

  #rise(entry: T, place: number): void {
    const entries = this.#entries;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = entries[above]!;
      if (!isBefore(entry, parent)) break;
      entries[place] = parent;
      parent.place = place;
      place = above;
    }
    entries[place] = entry;
    entry.place = place;
  }

  #sink(entry: T, place: number): void {
    const entries = this.#entries;
    const { length } = entries;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= length) break;
      if (
        below + 1 < length && isBefore(entries[below + 1]!, entries[below]!)
      ) {
        below++;
      }
      const child = entries[below]!;
      if (!isBefore(child, entry)) break;
      entries[place] = child;
      child.place = place;
      place = below;
    }
    entries[place] = entry;
    entry.place = place;
  }
}
