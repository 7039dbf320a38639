import { isSchedule } from "../_internal/schedules.ts";
import { bag, says, typed, whole } from "../_internal/validate.ts";
import type { Schedule } from "../runner.ts";
import { Ticker, type TickFunction, type TickOptions } from "../ticker/mod.ts";
import { Claims } from "./_claims.ts";
import { checkedKey } from "./_keys.ts";
import { checkedMember, oneOf } from "./_makers.ts";
import { lastRuns } from "./_runs.ts";
import type {
  ClaimedOptions,
  ClaimedTick,
  ClaimedTickerOptions,
  ClaimOptions,
} from "./claim_options.ts";
import { type Member, membershipOf } from "./member.ts";

const WHAT = "claim a schedule";

function claimsOf(
  schedule: Schedule,
  tick: ClaimedTick,
  node: Member,
  options: ClaimOptions,
): Claims {
  if (!isSchedule(schedule)) {
    const need = "a schedule, as an interval begins on each node by itself";
    throw new TypeError(says(WHAT, "schedule", need, schedule));
  }
  typed(WHAT, "tick", tick, "function");
  const member = membershipOf(checkedMember(WHAT, node));
  const given = bag(WHAT, (options ?? undefined) as ClaimOptions | undefined);
  const { key, catchUp = "last", delivery = "at-most-once" } = given;
  const { unreachable = "skip" } = given;
  checkedKey(WHAT, key as string);
  if (typeof catchUp === "object") {
    whole(WHAT, "catchUp.most", catchUp?.most, 1);
  } else oneOf(WHAT, "catchUp", catchUp, ["none", "last"]);
  oneOf(WHAT, "delivery", delivery, ["at-most-once", "at-least-once"]);
  oneOf(WHAT, "unreachable", unreachable, ["skip", "run"]);
  const settings = { key: key!, catchUp, delivery, unreachable };
  return new Claims(member, schedule, tick, settings);
}

/**
 * A tick that makes each run of a schedule on one node, for a `Ticker` of one's
 * own. It makes up for missing runs with the next that is due;
 * {@linkcode claimedTicker} does so as soon as a node joins or leaves.
 *
 * @example Usage
 * ```ts
 * import { Ticker } from "@golib/runner/ticker";
 * import { every, limit } from "@golib/runner/schedule";
 * import { claimed, Member } from "@golib/runner/coordination";
 * import { memoryStore } from "@golib/runner/coordination/memory";
 * import { assertEquals } from "@std/assert";
 *
 * await using node = new Member(memoryStore());
 * await node.start();
 * let runs = 0;
 * const { schedule, tick } = claimed(() => void runs++, node, {
 *   key: "report",
 *   schedule: limit(every(20), 2),
 * });
 * const ticker = new Ticker(schedule, tick);
 * await ticker.start();
 * await ticker.finished();
 * assertEquals(runs, 2);
 * ```
 *
 * @param tick The work.
 * @param node The member that claims.
 * @param options The schedule, its key, and how to claim.
 * @returns the schedule and the tick, which belong together.
 * @throws {TypeError} if an argument or option is not of its type.
 * @throws {RangeError} if a number makes no sense.
 */
export function claimed(
  tick: ClaimedTick,
  node: Member,
  options: ClaimedOptions,
): { readonly schedule: Schedule; readonly tick: TickFunction } {
  const schedule = options?.schedule;
  const claims = claimsOf(schedule, tick, node, options);
  return {
    schedule,
    tick: (signal, control) => claims.tick(signal, control),
  };
}

class ClaimedTicker extends Ticker {
  readonly #claims: Claims;
  readonly #schedule: Schedule;

  constructor(
    schedule: Schedule,
    tick: ClaimedTick,
    node: Member,
    options: ClaimedTickerOptions,
  ) {
    const claims = claimsOf(schedule, tick, node, options);
    const { key: name, catchUp, delivery, unreachable, ...rest } = options;
    // They are the claims' own.
    void [catchUp, delivery, unreachable];
    super(schedule, (signal, control) => claims.tick(signal, control), {
      name,
      ...rest,
    });
    this.#claims = claims;
    this.#schedule = schedule;
    this.observe((event) => {
      if (event.type !== "state") return;
      if (event.to === "running") claims.begin(this);
      else claims.end();
    });
  }

  override tick(options?: TickOptions): Promise<void> {
    const at = options?.scheduledAt;
    if (at === undefined) {
      this.#claims.isBare = true;
      try {
        return super.tick(options);
      } finally {
        this.#claims.isBare = false;
      }
    }
    const [run = at] = lastRuns(WHAT, this.#schedule, -8.64e15, at, 1);
    return super.tick({ ...options, scheduledAt: run });
  }
}

/**
 * A ticker whose runs are each made on one node, whichever has claimed it.
 *
 * A schedule has one cursor in the store: the last run that was claimed. A node
 * wins a run by moving the cursor to it, and only ever forward, so that a clock
 * that is slow loses and none runs twice. A run that another node has claimed ends
 * as *skipped*. No schedule asks the store for anything before its run is due.
 *
 * `tick()` of a host runs without a claim; `tick({ scheduledAt })` claims the
 * latest run at or before that moment.
 *
 * @example Usage
 * ```ts
 * import { every, limit } from "@golib/runner/schedule";
 * import { claimedTicker, Member } from "@golib/runner/coordination";
 * import { memoryStore } from "@golib/runner/coordination/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const store = memoryStore();
 * const nodes = [new Member(store), new Member(store)];
 * const runs: number[] = [];
 * const reports = nodes.map((node) =>
 *   claimedTicker(limit(every(20), 3), (_signal, _control, claim) => {
 *     runs.push(claim!.scheduledAt);
 *   }, node, { key: "report" })
 * );
 * for (const each of nodes) await each.start();
 * for (const each of reports) await each.start();
 * for (const each of reports) await each.finished();
 * for (const each of nodes) await each.stop();
 * // Each run once, on one of them.
 * assertEquals(new Set(runs).size, runs.length);
 * ```
 *
 * @param schedule When to run.
 * @param tick The work.
 * @param node The member that claims.
 * @param options Those of a ticker, the key, and how to claim.
 * @returns the ticker, named as the key where it has no other name.
 * @throws {TypeError} if an argument or option is not of its type.
 * @throws {RangeError} if a number makes no sense.
 */
export function claimedTicker(
  schedule: Schedule,
  tick: ClaimedTick,
  node: Member,
  options: ClaimedTickerOptions,
): Ticker {
  return new ClaimedTicker(schedule, tick, node, options);
}
