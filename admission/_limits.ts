/** What there is of everything at one gate, and what a run wants of it. */

import { typed } from "../_internal/validate.ts";
import { type Host, isScarce, Lane, Resource } from "./_lanes.ts";
import type {
  GateOptions,
  GateRunOptions,
  LimitReader,
  PressureReader,
} from "./options.ts";

// A level that pressure has closed opens again only where the pressure has fallen
// by so much.
const HYSTERESIS = 0.1;
// Priorities beyond so many are of the level next to them.
const LEVELS = 64;
// So many lanes are kept for the next run that wants the same.
const LANES = 1_000;

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
  readonly #reserves:
    (readonly [priority: number, left: Resource, kept: number])[] = [];
  /** The places that there are at least, where the limit is not read. */
  readonly #least: number;
  readonly #maxWeight: number | undefined;
  readonly #pressure: PressureReader | undefined;
  readonly #floor: Resource | undefined;
  readonly #aging: number;
  readonly #parent: Limits | undefined;
  /** These, and those of all that the gate is a part of. */
  readonly #chain: readonly Limits[];
  /** Whether a run of weight 1 may want no more than a place of this gate's. */
  readonly #isOwn: boolean;
  /** The lanes of such runs, by how many reserves are for them. */
  readonly #usual: Lane[] = [];
  readonly #lanes = new Map<string, Lane>();
  /** The priorities that were seen, the lowest first. */
  readonly #levels: number[] = [];
  #closed = 0;
  pressure = 0;

  readonly #host: Host;

  constructor(
    what: string,
    options: GateOptions,
    parent: Limits | undefined,
    host: Host,
  ) {
    this.#host = host;
    const { concurrency = Infinity, limits = {}, reserve = {} } = options;
    this.#aging = options.aging ?? 10_000;
    this.#maxWeight = options.maxWeight;
    this.#parent = parent;
    this.#chain = [this, ...(parent ? parent.#chain : [])];
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
      this.#reserves.push([Number(priority), new Resource(0), kept]);
    }
    this.#reserves.sort(([a], [b]) => a - b);
    this.#pressure = options.pressure;
    this.#isOwn = !parent && !this.#pressure;
    if (this.#pressure) this.#floor = new Resource(Infinity, true, true);
    this.resize();
    this.all = [
      ...parent?.all ?? [],
      this.places,
      ...this.#reserves.map(([, left]) => left),
      ...this.named.values(),
      ...this.#floor ? [this.#floor] : [],
    ];
    const { maxWeight = 1 } = options;
    for (const each of [this.places, ...this.#reserves.map(([, it]) => it)]) {
      each.largest = maxWeight;
    }
    this.usable = new Map([...parent?.usable ?? [], ...this.named]);
    this.isRead = this.all.some(({ isRead }) => isRead);
    this.isMixed = this.usable.size > 0 || this.isRead;
    this.isPlain = !this.isRead && !parent && this.#reserves.length === 0;
  }

  /** Grows where a run wants more of something than any before. */
  get largest(): number {
    return this.all.reduce((sum, { largest }) => sum + largest, 0);
  }

  /** The places, and those that are left for low priorities. */
  isPlaces(resource: Resource): boolean {
    return resource === this.places ||
      this.#reserves.some(([, left]) => left === resource);
  }

  /** Whether one that waits finds too few places. */
  get isShort(): boolean {
    return isScarce(this.places) ||
      this.#reserves.some(([, left]) => isScarce(left));
  }

  /** Has the places that are left for low priorities follow the concurrency. */
  resize(): void {
    for (const [, left, kept] of this.#reserves) {
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
    if (!this.#pressure) return;
    try {
      const value = this.#pressure();
      if (!(value >= 0)) {
        throw new RangeError(`pressure must be from 0 to 1: ${String(value)}`);
      }
      this.pressure = Math.min(value, 1);
    } catch (error) {
      report(error);
    }
    this.#close();
  }

  /** Where a run waits; `above` are limits whose places it has already. */
  laneFor(
    what: string,
    { priority = 0, weight = 1, uses }: GateRunOptions,
    above: Limits | undefined,
  ): Lane {
    if (!uses && !above && weight === 1 && this.#isOwn) {
      let high = 0;
      for (const [from] of this.#reserves) if (priority >= from) high++;
      return this.#usual[high] ??= this.#laneFor(what, priority, 1, {}, above);
    }
    return this.#laneFor(what, priority, weight, uses ?? {}, above);
  }

  #laneFor(
    what: string,
    priority: number,
    weight: number,
    uses: NonNullable<GateRunOptions["uses"]>,
    above: Limits | undefined,
  ): Lane {
    const resources: Resource[] = [];
    const amounts: number[] = [];
    let key = above ? `${this.#chain.indexOf(above)} ` : "";
    const want = (name: string, resource: Resource, amount: number) => {
      key += `${name}:${amount} `;
      resources.push(resource);
      amounts.push(amount);
    };
    for (const each of this.#chain) {
      if (each === above) break;
      each.#checkWeight(what, weight, 0);
      want("places", each.places, weight);
      for (const [from, left, kept] of each.#reserves) {
        if (priority >= from) continue;
        each.#checkWeight(what, weight, kept);
        want(`below ${from}`, left, weight);
      }
      if (each.#floor) {
        each.#see(priority);
        want("level", each.#floor, -priority);
      }
    }
    for (const [name, amount] of Object.entries(uses)) {
      const resource = this.usable.get(name);
      if (!resource) {
        throw new RangeError(
          `Cannot ${what}: 'uses.${name}' must be a name of the gate's limits`,
        );
      }
      const isFixed = !resource.isRead;
      const expected = isFixed
        ? `a number from 0 to ${resource.limit}`
        : "a number of at least 0";
      typed(
        what,
        `uses.${name}`,
        amount,
        "number",
        expected,
        (it) => it >= 0 && !(isFixed && it > resource.limit),
      );
      want(JSON.stringify(name), resource, amount);
    }
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = new Lane(resources, amounts, this.#aging, this.#host);
      // Two lanes for the same are as good as one: priorities may be any numbers.
      if (this.#lanes.size < LANES) this.#lanes.set(key, lane);
    }
    return lane;
  }

  /** A run that wants more than there ever is would wait for ever. */
  #checkWeight(what: string, weight: number, kept: number): void {
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

  /** Notes a priority, for pressure to close from the lowest. */
  #see(priority: number): void {
    const levels = this.#levels;
    if (levels.length >= LEVELS || levels.includes(priority)) return;
    levels.push(priority);
    levels.sort((a, b) => a - b);
    this.#close();
  }

  /** Closes and opens levels as the pressure has it. */
  #close(): void {
    const levels = this.#levels;
    const count = (pressure: number) =>
      pressure >= 1
        ? levels.length
        : Math.min(Math.floor(pressure * levels.length), levels.length - 1);
    const least = count(this.pressure);
    const most = count(this.pressure + HYSTERESIS);
    this.#closed = Math.max(least, Math.min(this.#closed, most));
    const lowest = levels[this.#closed] ?? Infinity;
    // With no level closed all pass, also those that were not seen.
    this.#floor!.limit = this.#closed === 0 ? Infinity : -lowest;
  }
}
