/** What there is of everything at one gate. */

import { typed } from "../_internal/validate.ts";
import { isScarce, Resource } from "./_lanes.ts";
import { Levels } from "./_levels.ts";
import type { GateOptions, LimitReader, PressureReader } from "./options.ts";

/** A limit, or a function that is read. */
function limit(what: string, name: string, value: number | LimitReader) {
  if (typeof value === "function") return value;
  const expected = "a number above 0, or a function";
  return typed(what, name, value, "number", expected, (it) => it > 0);
}

/** The limits of one gate, and of those that it is a part of. */
export class Limits {
  readonly places: Resource;
  readonly named = new Map<string, Resource>();
  /** Whether anything of it, or of what it is a part of, has to be read. */
  readonly isRead: boolean;
  /** Whether a run without options wants a place and nothing else. */
  readonly isPlain: boolean;
  /** Whether runs may want different things, or what pressure may close. */
  readonly isMixed: boolean;
  /** All that there is, also of what it is a part of. */
  readonly all: readonly Resource[];
  /** What a run may use, also of what it is a part of. */
  readonly usable: ReadonlyMap<string, Resource>;
  /** What is read, rather than fixed. */
  readonly #readers: (readonly [Resource, LimitReader])[] = [];
  /** For each priority from which places are kept, the places that are left. */
  readonly reserves:
    (readonly [priority: number, left: Resource, kept: number])[] = [];
  /** The places that there are at least, where the limit is not read. */
  readonly #least: number;
  readonly #maxWeight: number | undefined;
  readonly #pressure: PressureReader | undefined;
  /** What pressure lets in, where there is such. */
  readonly levels: Levels | undefined;
  readonly #parent: Limits | undefined;
  /** These, and those of all that the gate is a part of. */
  readonly chain: readonly Limits[];
  /** Whether a run of weight 1 may want no more than a place of this gate's. */
  readonly isOwn: boolean;

  constructor(
    what: string,
    options: GateOptions,
    parent: Limits | undefined,
  ) {
    const { concurrency = Infinity, limits = {}, reserve = {} } = options;
    this.#maxWeight = options.maxWeight;
    this.#parent = parent;
    this.chain = [this, ...(parent ? parent.chain : [])];
    this.places = this.#resource(limit(what, "concurrency", concurrency));
    this.#least = this.places.limit;
    for (const [name, value] of Object.entries(limits)) {
      const checked = limit(what, `limits.${name}`, value);
      this.named.set(name, this.#resource(checked));
    }
    for (const [priority, kept] of Object.entries(reserve)) {
      const name = `reserve[${priority}]`;
      typed(
        what,
        "a key of reserve",
        Number(priority),
        "number",
        "a finite number",
        Number.isFinite,
      );
      typed(what, name, kept, "number", "a number of places", (it) => it >= 0);
      this.reserves.push([Number(priority), new Resource(0), kept]);
    }
    this.reserves.sort(([a], [b]) => a - b);
    this.#pressure = options.pressure;
    this.isOwn = !parent && !this.#pressure;
    if (this.#pressure) this.levels = new Levels();
    this.resize();
    this.all = [
      ...parent?.all ?? [],
      this.places,
      ...this.reserves.map(([, left]) => left),
      ...this.named.values(),
      ...this.levels ? [this.levels.floor] : [],
    ];
    const { maxWeight = 1 } = options;
    for (const each of [this.places, ...this.reserves.map(([, it]) => it)]) {
      each.largest = maxWeight;
    }
    this.usable = new Map([...parent?.usable ?? [], ...this.named]);
    this.isRead = this.all.some(({ isRead }) => isRead);
    this.isMixed = this.usable.size > 0 || this.isRead;
    this.isPlain = !this.isRead && !parent && this.reserves.length === 0;
  }

  get pressure(): number {
    return this.levels?.pressure ?? 0;
  }

  /** Grows where a run wants more of something than any before. */
  get largest(): number {
    return this.all.reduce((sum, { largest }) => sum + largest, 0);
  }

  /** The places, and those that are left for low priorities. */
  isPlaces(resource: Resource): boolean {
    return resource === this.places ||
      this.reserves.some(([, left]) => left === resource);
  }

  /** Whether one that waits finds too few places. */
  get isShort(): boolean {
    return isScarce(this.places) ||
      this.reserves.some(([, left]) => isScarce(left));
  }

  /** Has the places that are left for low priorities follow the concurrency. */
  resize(): void {
    for (const [, left, kept] of this.reserves) {
      left.limit = this.places.limit - kept;
    }
  }

  /** Reads what has to be read; what throws is reported and stays as it was. */
  read(report: (error: unknown) => void): void {
    this.#parent?.read(report);
    for (const [resource, read] of this.#readers) {
      try {
        const value = read(resource.used);
        const isNumber = typeof value === "number" && value === value;
        if (isNumber) resource.limit = value;
        else throw new TypeError(`a limit must be a number: ${String(value)}`);
      } catch (error) {
        report(error);
      }
    }
    this.resize();
    if (!this.#pressure || !this.levels) return;
    try {
      const value = this.#pressure();
      if (!(value >= 0)) {
        throw new RangeError(`pressure must be from 0 to 1: ${String(value)}`);
      }
      this.levels.close(Math.min(value, 1));
    } catch (error) {
      report(error);
    }
  }

  /** A run that wants more than there ever is would wait for ever. */
  checkWeight(what: string, weight: number, kept: number): void {
    if (weight > (this.#maxWeight ?? Infinity)) {
      const expected =
        `at most ${this.#maxWeight}, the 'maxWeight' of the gate`;
      throw new RangeError(
        `Cannot ${what}: 'weight' must be ${expected}: current value is ${weight}`,
      );
    }
    const most = this.#least - kept;
    if (weight <= most || this.places.isRead) return;
    const expected = `at most ${most}, the places for its priority`;
    throw new RangeError(
      `Cannot ${what}: 'weight' must be ${expected}: current value is ${weight}`,
    );
  }

  #resource(limit: number | LimitReader): Resource {
    if (typeof limit === "number") return new Resource(limit);
    const resource = new Resource(0, true);
    this.#readers.push([resource, limit]);
    return resource;
  }
}
