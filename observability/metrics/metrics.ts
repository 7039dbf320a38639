import { bag, says } from "../../_internal/validate.ts";
import type { Runner } from "../../runner.ts";
import { followersOf } from "../_observer.ts";
import { type Follower, runnerLike, Tree } from "../_tree.ts";
import { RESTARTS, Store } from "./_cells.ts";
import { familiesOf } from "./_families.ts";
import { type Family, familyMaker, type Row } from "./_family.ts";
import { gateFamilies } from "./_gates.ts";
import { respond } from "./_respond.ts";
import { rowAt, Rows } from "./_rows.ts";
import { settingsOf } from "./_settings.ts";
import { single, textOf } from "./_text.ts";
import type { MetricsFormat } from "./format.ts";
import type { MetricsOptions, MetricsTextOptions } from "./options.ts";
import { reading, type RunnerMetrics } from "./reading.ts";

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
  readonly #store: Store;
  readonly #families: Family[];
  readonly #authorize: MetricsOptions["authorize"];
  /** By the paths of their roots. */
  readonly #trees = new Map<string, Tree>();
  readonly #rows: Rows;
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
    const { prefix, maxRunners, buckets, authorize } = settingsOf(options);
    this.#prefix = prefix;
    this.#store = new Store(Float64Array.from(buckets, (each) => each * 1_000));
    this.#rows = new Rows(this.#store, maxRunners);
    const family = familyMaker(prefix);
    this.#families = [...familiesOf(family, buckets), ...gateFamilies(family)];
    this.#authorize = authorize;
    this.#follower = {
      joined: (place) => this.#rows.join(place, this.#isOpening),
      left: (place, isGone) => this.#rows.leave(place, isGone),
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
      const why = `it is watched already as "${this.#rows.pathOf(runner)}"`;
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
    return this.#rows.paths();
  }

  *#pieces(
    format: MetricsFormat,
    eof?: boolean,
  ): Generator<Uint8Array<ArrayBuffer>> {
    const rows = this.#fresh();
    yield new TextEncoder().encode(single(
      `${this.#prefix}_dropped_runners`,
      "gauge",
      "How many runners have no numbers of their own, but share those of _other.",
      this.#rows.dropped,
    ));
    yield* textOf(this.#prefix, this.#families, rows, format, eof);
  }

  /** All rows, once supervisors have said anew how their children are. */
  #fresh(): Row[] {
    for (const tree of this.#trees.values()) tree.places();
    return this.#rows.all();
  }
}
