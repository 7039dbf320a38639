import { peek } from "../../_internal/errors.ts";
import { bag, says, typed, whole } from "../../_internal/validate.ts";
import type { ErrorRecord, Runner } from "../../runner.ts";
import { checkUnknown } from "../../_internal/unknown_options.ts";
import { OTHER } from "../_names.ts";
import { follow, followersOf, unfollow } from "../_observer.ts";
import {
  type Follower,
  type Place,
  runnerLike,
  Tree,
  type Watched,
} from "../_tree.ts";
import { RESTARTS, STARTS, Store } from "./_cells.ts";
import type { MetricsFormat } from "./format.ts";
import { familiesOf } from "./_families.ts";
import { type Family, familyMaker, type Row } from "./_family.ts";
import { gateFamilies } from "./_gates.ts";
import { reading, type RunnerMetrics } from "./reading.ts";
import { respond } from "./_respond.ts";
import { single, textOf } from "./_text.ts";

/** Options of {@linkcode Metrics}. */
export interface MetricsOptions {
  /**
   * What the name of each metric begins with.
   *
   * @default "golib_runner"
   */
  readonly prefix?: string | undefined;
  /**
   * How many runners have numbers of their own: a whole number from 1, or
   * `Infinity`. The others have theirs added up, as the runner `_other`.
   *
   * @default 1000
   */
  readonly maxRunners?: number | undefined;
  /**
   * The upper bounds of the buckets of durations, in seconds, each above the one
   * before.
   *
   * @default [0.001, 0.01, 0.1, 1, 10, 100]
   */
  readonly buckets?: readonly number[] | undefined;
  /**
   * Whether a request is answered by the handler. The numbers name runners and
   * count what they do; they hold no messages.
   *
   * @default every request is
   */
  readonly authorize?:
    | ((request: Request) => boolean | Promise<boolean>)
    | undefined;
}

/** Options of {@linkcode Metrics.text}. */
export interface MetricsTextOptions {
  /**
   * The format.
   *
   * @default "prometheus"
   */
  readonly format?: MetricsFormat | undefined;
  /**
   * Whether the end is marked, which OpenMetrics wants once.
   *
   * @default true
   */
  readonly eof?: boolean | undefined;
}

const KNOWN = ["prefix", "maxRunners", "buckets", "authorize"];

/** What is inside, for the modules beside. */
export let insideOf: (metrics: Metrics) => Inside;

interface Inside {
  readonly prefix: string;
  readonly families: readonly Family[];
  rows(): Row[];
}

/**
 * Counts what runners do, and says it as Prometheus reads it.
 *
 * A runner is watched with all that it runs, also what it comes to run later. Each
 * is known by its path in the tree, such as `app/report`; one that is removed takes
 * its numbers along. Counters go on through restarts. The numbers are written in
 * the machine of a runner, without an event, an object or a promise for a tick.
 *
 * Constructing starts nothing, and nothing runs until a request comes.
 *
 * @example A runner, and what a scrape finds
 * ```ts
 * import { Metrics } from "@golib/runner/metrics";
 * import { Ticker } from "@golib/runner";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const metrics = new Metrics();
 * const report = new Ticker(60_000, () => {}, { name: "report" });
 * metrics.watch(report);
 * await report.tick();
 *
 * const answer = await metrics.handler(new Request("http://localhost/metrics"));
 * assertStringIncludes(
 *   await answer.text(),
 *   'golib_runner_ticks_total{runner="report",outcome="success"} 1',
 * );
 * ```
 */
export class Metrics {
  static {
    insideOf = (metrics) => ({
      prefix: metrics.#prefix,
      families: metrics.#families,
      rows: () => metrics.#fresh(),
    });
  }

  readonly #prefix: string;
  readonly #most: number;
  readonly #store: Store;
  readonly #families: Family[];
  readonly #authorize: MetricsOptions["authorize"];
  /** By the paths of their roots. */
  readonly #trees = new Map<string, Tree>();
  readonly #rows = new Map<string, Row>();
  readonly #follower: Follower;
  /** Whether what joins was there before it was watched. */
  #isOpening = false;

  /**
   * Makes counters for no runner yet.
   *
   * @param options How the numbers are named and kept.
   * @throws {TypeError} if an option is not of its type.
   * @throws {RangeError} if one makes no sense.
   */
  constructor(options?: MetricsOptions) {
    const what = "create Metrics";
    const {
      prefix = "golib_runner",
      maxRunners = 1_000,
      buckets = [0.001, 0.01, 0.1, 1, 10, 100],
      authorize,
    } = bag(what, options);
    checkUnknown(what, "Metrics", options, KNOWN);
    typed(
      what,
      "prefix",
      prefix,
      "string",
      "a name of letters, digits and underscores",
      (text) => /^[a-zA-Z_:][\w:]*$/.test(text),
    );
    whole(what, "maxRunners", maxRunners, 1, Infinity);
    typed(
      what,
      "buckets",
      buckets,
      "object",
      "a list of numbers, each above the one before",
      (list) =>
        Array.isArray(list) && list.length > 0 &&
        list.every((each, index) =>
          typeof each === "number" && each < Infinity &&
          each > (list[index - 1] ?? 0)
        ),
    );
    if (authorize !== undefined) {
      typed(what, "authorize", authorize, "function");
    }
    this.#prefix = prefix;
    this.#most = maxRunners;
    this.#store = new Store(Float64Array.from(buckets, (each) => each * 1_000));
    const family = familyMaker(prefix);
    this.#families = [...familiesOf(family, buckets), ...gateFamilies(family)];
    this.#authorize = authorize;
    this.#follower = {
      joined: (place) => this.#join(place),
      left: (place, isGone) => this.#leave(place, isGone),
      told: (place, { type, children = [] }) => {
        if (type !== "restart") return;
        for (const name of children) {
          const child = place.below?.get(name);
          if (child) rowAt(child)?.cells.add(RESTARTS);
        }
      },
    };
  }

  /**
   * Counts what a runner does from now on, and all that it runs.
   *
   * @example Usage
   * ```ts
   * import { Metrics } from "@golib/runner/metrics";
   * import { Ticker } from "@golib/runner";
   * import { assertEquals } from "@std/assert";
   *
   * const metrics = new Metrics();
   * const leave = metrics.watch(new Ticker(1_000, () => {}, { name: "a" }));
   * assertEquals(metrics.read("a")?.ticks, 0);
   * leave();
   * assertEquals(metrics.read("a"), undefined);
   * ```
   *
   * @param runner A runner, or the root of a tree of them.
   * @returns the way to leave: the numbers go with it.
   * @throws {TypeError} if it is no runner.
   * @throws {Error} if it is watched already, or another of its name is.
   */
  watch(runner: Runner): () => void {
    const tree = new Tree(runnerLike("watch", runner), this.#follower);
    const { path } = tree.root;
    if (followersOf(runner).some((each) => this.#store.owns(each))) {
      const why = `it is watched already as "${this.#pathOf(runner)}"`;
      throw new Error(`Cannot watch "${path}": ${why}`);
    }
    if (this.#trees.has(path)) {
      const why = "another runner of this name is watched";
      throw new Error(`Cannot watch "${path}": ${why}`);
    }
    this.#trees.set(path, tree);
    this.#isOpening = true;
    tree.open();
    this.#isOpening = false;
    return () => {
      if (this.#trees.get(path) !== tree) return;
      this.#trees.delete(path);
      tree.close();
    };
  }

  /**
   * Answers a scrape: in OpenMetrics where the client asks for it, else in the text
   * format of Prometheus; compressed where the client takes it; in pieces.
   *
   * It needs no `this`, and answers at whatever path it is given.
   */
  get handler(): (request: Request) => Promise<Response> {
    return (request) =>
      respond(request, this.#authorize, (format) => this.#pieces(format));
  }

  /**
   * The numbers as text, to be joined to those of another library: `eof: false`
   * leaves the end open, where OpenMetrics marks it.
   *
   * @example Usage
   * ```ts
   * import { Metrics } from "@golib/runner/metrics";
   * import { assertStringIncludes } from "@std/assert";
   *
   * const text = new Metrics({ prefix: "app" }).text();
   * assertStringIncludes(text, "app_dropped_runners 0\n");
   * ```
   */
  text(options?: MetricsTextOptions): string {
    const { format = "prometheus", eof } = bag("write metrics", options);
    if (format !== "prometheus" && format !== "openmetrics") {
      const expected = '"prometheus" or "openmetrics"';
      throw new TypeError(says("write metrics", "format", expected, format));
    }
    const decoder = new TextDecoder();
    let text = "";
    for (const each of this.#pieces(format, eof)) text += decoder.decode(each);
    return text;
  }

  /**
   * The numbers of one runner, as it is now.
   *
   * @param path Its path in the tree, such as `app/report`.
   * @returns its numbers; `undefined` where no runner of that path has its own.
   */
  read(path: string): RunnerMetrics | undefined {
    const row = this.#rows.get(path);
    return row && reading(row.cells);
  }

  /** The paths of all runners that have numbers of their own. */
  paths(): string[] {
    return [...this.#rows.keys()];
  }

  *#pieces(
    format: MetricsFormat,
    eof?: boolean,
  ): Generator<Uint8Array<ArrayBuffer>> {
    const rows = this.#fresh();
    const dropped = this.#rows.get(OTHER)?.places.length ?? 0;
    yield new TextEncoder().encode(single(
      `${this.#prefix}_dropped_runners`,
      "gauge",
      "How many runners have no numbers of their own, but share those of _other.",
      dropped,
    ));
    yield* textOf(this.#prefix, this.#families, rows, format, eof);
  }

  /** All rows, once supervisors have said anew how their children are. */
  #fresh(): Row[] {
    for (const tree of this.#trees.values()) tree.places();
    return [...this.#rows.values()];
  }

  #pathOf(runner: Runner): string | undefined {
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

  #join(place: Place): void {
    const row = rowAt(place) ?? this.#rowOf(place);
    place.held = row;
    const runner = place.runner!;
    row.ticks ||= "tick" in runner || peek(runner, "ticks") !== undefined;
    row.hasLoad ||= typeof peek(runner, "load") === "function";
    row.info = undefined;
    const log = this.#isOpening ? [] : errorsOf(runner);
    for (const { phase } of log) row.cells.error(phase);
    // A supervisor tells of one that it has just made when that has begun.
    if (runner.isRunning() || log.length) row.cells.add(STARTS);
    follow(runner, row.cells);
  }

  #leave(place: Place, isGone: boolean): void {
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
function rowAt({ held }: Place): Row | undefined {
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
