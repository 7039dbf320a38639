/** A StartStop whose functions follow a script. */

import { assert, assertEquals } from "@std/assert";
import { type StartControl, StartStop } from "@golib/runner";
import { type Gate, gate } from "./_helpers.ts";
import { type Caller, type Limits, type Run, World } from "./_model.ts";

/** What the functions of one run do. */
export interface Script {
  readonly start: "hold" | "reject" | "hang" | "return" | "throw" | "own stop";
  readonly ready: "now" | "twice" | "when asked";
  readonly stop: "end" | "throw" | "hang" | "force";
  /** What the start function calls, the stop function, an abort listener. */
  readonly inStart: Caller | undefined;
  readonly inStop: Caller | undefined;
  readonly onAbort: Caller | undefined;
  /** Whether it looks at `force` at once, or only when it is asked for. */
  readonly looks: boolean;
}

export interface Plot extends Limits {
  readonly scripts: readonly Script[];
  readonly isObserved: boolean;
  readonly hasStop: boolean;
  /** What an observer does with each event, as long as it may. */
  readonly onEvent: Caller | "throw" | undefined;
  /** How often functions and observers may call back. */
  readonly budget: number;
}

interface Service extends Run {
  readonly script: Script;
  readonly control: StartControl;
  readonly main: Gate;
  readonly end: Gate;
  isMainOver: boolean;
  isStopOver: boolean;
  stops: number;
  forsaken: boolean;
  readonly abort: AbortSignal;
}

export class ServiceWorld extends World<StartStop> {
  readonly runner: StartStop;
  readonly #plot: Plot;
  #budget: number;
  /** How many functions of a run are being called, as part of a transition. */
  #inside = 0;

  constructor(plot: Plot) {
    super(plot);
    this.#plot = plot;
    this.#budget = plot.budget;
    const { stopTimeout, startTimeout, awaitReady, maxErrors } = plot;
    this.runner = new StartStop(
      (signal, control) => this.#within(() => this.#start(signal, control)),
      plot.hasStop
        ? (signal) => this.#within(() => this.#stop(signal))
        : undefined,
      {
        name: "model",
        printErrors: false,
        stopTimeout,
        startTimeout,
        awaitReady,
        maxErrors,
        ...(plot.isObserved && {
          observer: (event) => {
            this.must(() => assert(this.#inside === 0, "told half-way"));
            this.observer(event);
            if (plot.onEvent !== "throw") this.again(plot.onEvent);
          },
        }),
      },
    );
  }

  /** Calls back, from a place where callers seldom are. */
  again(kind: Caller | undefined): void {
    if (kind === undefined || this.#budget <= 0) return;
    this.#budget--;
    this.isReentered = true;
    this.call(kind);
  }

  ready(): void {
    const service = this.run as Service | undefined;
    if (!service) return;
    const isFirst = service.since === undefined && service.toldAt === undefined;
    if (isFirst) service.since = this.now;
    if (this.#plot.awaitReady || service.toldAt !== undefined) {
      service.control.ready();
    }
  }

  finish(): void {
    (this.run as Service | undefined)?.main.open();
  }

  fail(): void {
    (this.run as Service | undefined)?.main.fail("fail");
  }

  release(): void {
    (this.run as Service | undefined)?.end.open();
  }

  /** Ends all there is. */
  async close(): Promise<void> {
    this.#budget = 0;
    for (let round = 0; this.runner.state !== "stopped"; round++) {
      assert(round < 20, "it does not come to rest");
      this.call("stop", 1);
      await this.pass(30);
      this.finish();
      this.release();
      await this.rest();
    }
  }

  protected checkMore(): void {
    for (const run of this.runs.slice(-2) as Service[]) {
      const { abort, stops, toldAt } = run;
      assertEquals(abort.aborted, toldAt !== undefined, "the run's signal");
      const expected = toldAt !== undefined && this.#plot.hasStop ? 1 : 0;
      assertEquals(stops, expected, "calls of the stop function");
    }
    const run = this.run as Service | undefined;
    if (this.runner.state !== "stopping" || !run) return;
    const waiters = this.waiters().length +
      (run.impliedUntil > this.now ? 1 : 0);
    // To look is to make it: some look only when it is too late to be told.
    if (waiters > 0 && !run.script.looks) return;
    const { aborted } = run.control.force;
    if (waiters === 0) assert(aborted, "nobody waits, and it is not told");
    else if (!run.forsaken && !this.isReentered) {
      assert(!aborted, "it is forced while somebody waits");
    }
    run.forsaken ||= aborted;
  }

  protected override beforeCall(): void {
    const run = this.run as Service | undefined;
    if (run?.toldAt === undefined || !run.script.looks) return;
    run.forsaken ||= run.control.force.aborted;
  }

  #within<T>(body: () => T): T {
    this.#inside++;
    try {
      return body();
    } finally {
      this.#inside--;
    }
  }

  #start(signal: AbortSignal, control: StartControl): Promise<void> {
    const { scripts, awaitReady, hasStop } = this.#plot;
    const script = scripts[this.runs.length % scripts.length]!;
    const run = Object.assign(this.launched(), {
      script,
      control,
      main: gate(),
      end: gate(),
      isMainOver: false,
      isStopOver: true,
      stops: 0,
      forsaken: false,
      abort: signal,
    }) as Service;
    this.must(() => {
      assertEquals(signal.aborted, false);
      assertEquals(this.runner.state, awaitReady ? "starting" : "running");
    });
    if (script.looks) void control.force.aborted;
    signal.addEventListener("abort", () => {
      // From here on the run is not over before the stop function is, also where
      // its main function has just returned and nobody knows yet.
      run.isStopOver = !hasStop;
      if (hasStop) run.ended = false;
      this.told(run);
      this.#within(() => this.again(script.onAbort));
    }, { once: true });
    if (script.ready !== "when asked") this.ready();
    if (script.ready === "twice") this.ready();
    this.again(script.inStart);
    const end = () => {
      run.isMainOver = true;
      if (run.isStopOver) this.over(run);
    };
    if (script.start === "throw") {
      end();
      throw this.throws();
    }
    return this.#main(run).finally(end);
  }

  async #main(run: Service): Promise<void> {
    const { abort, main, script } = run;
    const aborted = new Promise<void>((resolve, reject) => {
      const told = () =>
        script.start === "reject" ? reject(abort.reason) : resolve();
      if (abort.aborted) told();
      else abort.addEventListener("abort", told, { once: true });
    });
    aborted.catch(() => {});
    try {
      if (script.start === "return") return;
      if (script.start === "own stop") {
        await main.promise;
        await this.call("stop", 20).catch(() => {});
        return;
      }
      const obeys = script.start === "hold" || script.start === "reject";
      await (obeys ? Promise.race([main.promise, aborted]) : main.promise);
    } catch (reason) {
      throw reason === "fail" ? this.throws() : reason;
    }
  }

  async #stop(force: AbortSignal): Promise<void> {
    const run = this.runs.at(-1) as Service;
    const { abort, control, end, script } = run;
    run.stops++;
    this.must(() => {
      assert(abort.aborted, "stopped before it was told");
      assert(force === control.force, "two signals that say now");
    });
    this.again(script.inStop);
    try {
      if (script.stop === "throw") throw this.throws();
      if (script.stop === "hang") await end.promise;
      if (script.stop === "force" && !force.aborted) {
        const forced = new Promise((_resolve, reject) => {
          force.addEventListener("abort", () => reject(force.reason));
        });
        await Promise.race([end.promise, forced]);
      }
    } finally {
      run.isStopOver = true;
      if (run.isMainOver) this.over(run);
    }
  }
}
