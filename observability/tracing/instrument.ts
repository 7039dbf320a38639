import type { Hook, TickFacts } from "../../_internal/hook.ts";
import { checkUnknown } from "../../_internal/unknown_options.ts";
import { bag, timeout, typed } from "../../_internal/validate.ts";
import type { ErrorPhase, Runner, RunnerState } from "../../runner.ts";
import { follow, unfollow } from "../_observer.ts";
import { type Place, runnerLike, Tree } from "../_tree.ts";
import { Guarded } from "./_guarded.ts";
import type { SpanContextLike, SpanLike, TracerLike } from "./tracer.ts";

/** Options of {@linkcode instrument}. */
export interface InstrumentOptions {
  /** What makes the spans: a tracer of OpenTelemetry, or Deno's own. */
  readonly tracer: TracerLike;
  /**
   * Whether something of the runner of that path gets a span now.
   *
   * @default everything does
   */
  readonly sample?:
    | ((path: string, what: "tick" | "start" | "stop") => boolean)
    | undefined;
  /**
   * Ticks that come more often than every so many milliseconds get no span: one
   * costs more than most of them.
   *
   * @default 1000
   */
  readonly minInterval?: number | undefined;
}

interface Settings {
  readonly tracer: Guarded;
  readonly minInterval: number;
  sample(path: string, what: "tick" | "start" | "stop"): boolean;
}

/** The spans of one runner. */
class Spans implements Hook {
  readonly #path: string;
  readonly #settings: Settings;
  #tick: SpanLike | undefined;
  /** The tick before, for the next to be linked to. */
  #before: SpanContextLike | undefined;
  /** The start or stop under way. */
  #change: SpanLike | undefined;
  #started: SpanContextLike | undefined;
  /** The start whose run has failed. */
  #failed: SpanContextLike | undefined;
  /** What has gone wrong while it stopped. */
  #error: Error | undefined;

  constructor(path: string, settings: Settings) {
    this.#path = path;
    this.#settings = settings;
  }

  around<T>(facts: TickFacts, work: () => T): T {
    const { tracer, minInterval, sample } = this.#settings;
    const path = this.#path;
    if (facts.distance < minInterval || !sample(path, "tick")) return work();
    const links = linksTo(this.#before);
    const attributes = {
      "runner.path": path,
      "runner.missed": facts.missed,
      "runner.lateness_ms": facts.lateness,
    };
    return tracer.around(
      `tick ${path}`,
      { root: true, links, attributes },
      (span) => {
        // One that is tried again has an attempt that failed before.
        const attempt = this.#tick;
        if (attempt) {
          tracer.safe(() => attempt.setStatus({ code: 2 }));
          tracer.end(attempt);
        }
        this.#tick = span;
        return work();
      },
    );
  }

  tick(_facts: TickFacts, outcome: Error | symbol | undefined): void {
    const span = this.#tick;
    if (!span) return;
    const { tracer } = this.#settings;
    this.#tick = undefined;
    this.#before = tracer.safe(() => span.spanContext());
    const error = typeof outcome === "object" ? outcome : undefined;
    if (typeof outcome === "symbol") {
      tracer.safe(() => span.setAttribute("runner.skipped", true));
    }
    tracer.end(span, error);
  }

  state(to: RunnerState, from: RunnerState, failure: Error | undefined): void {
    if (from === "stopped" && to !== "stopped") {
      this.#begin("start", linksTo(this.#failed));
      const span = this.#change;
      this.#started = span &&
        this.#settings.tracer.safe(() => span.spanContext());
      this.#failed = undefined;
      if (to === "running") this.#end();
    } else if (to === "running") this.#end();
    else if (to === "stopping") {
      this.#end(this.#error);
      this.#begin("stop", []);
    } else if (to === "stopped") {
      if (failure) this.#failed = this.#started;
      this.#end(from === "stopping" ? this.#error : failure);
    }
    if (to !== "starting") this.#error = undefined;
  }

  error(phase: ErrorPhase, error: Error): void {
    if (phase === "tick") return;
    this.#error ??= error;
    if (phase === "start") this.#failed = this.#started;
  }

  #begin(what: "start" | "stop", links: { context: SpanContextLike }[]): void {
    const { tracer, sample } = this.#settings;
    const path = this.#path;
    if (!sample(path, what)) return;
    const attributes = { "runner.path": path };
    this.#change = tracer.begin(`${what} ${path}`, {
      root: true,
      links,
      attributes,
    });
  }

  #end(error?: Error): void {
    const span = this.#change;
    this.#change = undefined;
    this.#settings.tracer.end(span, error);
  }
}

function linksTo(
  context: SpanContextLike | undefined,
): { context: SpanContextLike }[] {
  return context ? [{ context }] : [];
}

/**
 * Gives what a runner does, and all that it runs, spans: each tick, each start until
 * it is ready, each stop.
 *
 * The span of a tick is the root of a trace of its own, linked to that of the tick
 * before; what the tick does, also after an `await`, is below it. The span of a
 * start is linked to the start whose run has failed before; it is not active, so
 * that what a service does for as long as it lives is not below its start. An error
 * is what the runner records: a clean abort is none, a time limit is one.
 *
 * It never breaks the work: what a tracer throws is printed once.
 *
 * @example With OpenTelemetry
 * ```ts ignore
 * import { trace } from "@opentelemetry/api";
 * const leave = instrument(app, { tracer: trace.getTracer("jobs") });
 * ```
 *
 * @example With a tracer of one's own
 * ```ts
 * import { instrument } from "@golib/runner/tracing";
 * import { Ticker } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const names: string[] = [];
 * const span = {
 *   spanContext: () => ({ traceId: "1", spanId: "2", traceFlags: 1 }),
 *   setAttribute() {},
 *   setStatus() {},
 *   recordException() {},
 *   end() {},
 * };
 * const tracer = {
 *   startSpan: (name: string) => (names.push(name), span),
 *   startActiveSpan(name: string, _options: unknown, work: (it: typeof span) => unknown) {
 *     names.push(name);
 *     return work(span);
 *   },
 * };
 * const report = new Ticker(60_000, () => {}, { name: "report" });
 * const leave = instrument(report, { tracer });
 * await report.tick();
 * assertEquals(names, ["start report", "tick report"]);
 * leave();
 * ```
 *
 * @param runner A runner, or the root of a tree of them.
 * @param options The tracer, and what gets a span.
 * @returns the way to leave.
 * @throws {TypeError} if an argument or option is not of its type.
 * @throws {RangeError} if a number makes no sense.
 */
export function instrument(
  runner: Runner,
  options: InstrumentOptions,
): () => void {
  const what = "instrument";
  const root = runnerLike(what, runner);
  const { tracer, sample = () => true, minInterval = 1_000 } = bag(
    what,
    options,
  );
  checkUnknown(what, "instrument", options, [
    "tracer",
    "sample",
    "minInterval",
  ]);
  typed(what, "sample", sample, "function");
  timeout(what, "minInterval", minInterval);
  const guarded = new Guarded(what, tracer as TracerLike);
  const settings: Settings = {
    tracer: guarded,
    minInterval,
    sample: (path, what) => guarded.safe(() => sample(path, what)) === true,
  };
  const held = new Map<Place, Spans>();
  const tree = new Tree(root, {
    joined(place) {
      // One that is made anew for each start goes on with its links.
      const spans = held.get(place) ?? new Spans(place.path, settings);
      held.set(place, spans);
      follow(place.runner!, spans);
    },
    left(place, isGone) {
      const spans = held.get(place);
      if (spans && place.runner) unfollow(place.runner, spans);
      if (isGone) held.delete(place);
    },
  });
  tree.open();
  return () => tree.close();
}
