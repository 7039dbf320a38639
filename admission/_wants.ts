/** What runs want of what there is at one gate. */

import { typed } from "../_internal/validate.ts";
import { type Host, Lane, type Resource } from "./_lanes.ts";
import type { Limits } from "./_limits.ts";
import type { GateRunOptions } from "./options.ts";

// So many lanes are kept for the next run that wants the same.
const LANES = 1_000;

/** The lanes of one gate, one for all that want the same. */
export class Wants {
  readonly #limits: Limits;
  readonly #aging: number;
  readonly #host: Host;
  /** Those of runs that want a place and nothing else, by the reserves for them. */
  readonly #usual: Lane[] = [];
  readonly #lanes = new Map<string, Lane>();

  constructor(limits: Limits, aging: number, host: Host) {
    this.#limits = limits;
    this.#aging = aging;
    this.#host = host;
  }

  /** Where a run waits; `above` are limits whose places it has already. */
  laneFor(
    what: string,
    { priority = 0, weight = 1, uses }: GateRunOptions,
    above: Limits | undefined,
  ): Lane {
    const { isOwn, reserves } = this.#limits;
    if (!uses && !above && weight === 1 && isOwn) {
      let high = 0;
      for (const [from] of reserves) if (priority >= from) high++;
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
    const { chain, usable } = this.#limits;
    let key = above ? `${chain.indexOf(above)} ` : "";
    const want = (name: string, resource: Resource, amount: number) => {
      key += `${name}:${amount} `;
      resources.push(resource);
      amounts.push(amount);
    };
    for (const each of chain) {
      if (each === above) break;
      each.checkWeight(what, weight, 0);
      want("places", each.places, weight);
      for (const [from, left, kept] of each.reserves) {
        if (priority >= from) continue;
        each.checkWeight(what, weight, kept);
        want(`below ${from}`, left, weight);
      }
      if (each.levels) {
        each.levels.see(priority);
        want("level", each.levels.floor, -priority);
      }
    }
    for (const [name, amount] of Object.entries(uses)) {
      const resource = usable.get(name);
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
      const isInner = above !== undefined;
      lane = new Lane(resources, amounts, this.#aging, this.#host, isInner);
      // Two lanes for the same are as good as one: priorities may be any numbers.
      if (this.#lanes.size < LANES) this.#lanes.set(key, lane);
    }
    return lane;
  }
}
