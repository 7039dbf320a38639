/** A StartStop whose functions follow a script. */

import { assert, assertEquals } from "@std/assert";
import { type StartControl, StartStop } from "@golib/runner";
import { type Gate, gate } from "./_helpers.ts";
import { type Caller, type Limits, type Run, World } from "./_model.ts";

/** What the functions of one run do. */
export interface Script {
  readonly start:
    | "hold"
    | "reject"
    | "hang"
    | "return"
    | "return at once"
    | "throw"
    | "throw at once"
    | "own stop";
  readonly ready: "now" | "twice" | "when asked";
  readonly stop:
    | "end"
    | "end at once"
    | "throw"
    | "throw at once"
    | "hang"
    | "force"
    | "own stop";
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
}

interface Service extends Run {
  readonly script: Script;
  readonly control: StartControl;
  readonly main: Gate;
  readonly end: Gate;
  isMainOver: boolean;
  isStopOver: boolean;
  stops: number;
  abandoned: boolean;
  readonly abort: AbortSignal;
}

export class ServiceWorld extends World<StartStop> {
  readonly runner: StartStop;
  readonly #plot: Plot;
  /** How many functions of a run are being called, as part of a transition. */
  #inside = 0;

  constructor(plot: Plot) {
    super(plot);
    this.#plot = plot;
    const { stopTimeout, startTimeout, awaitReady, maxErrors, printErrors } =
      plot;
    this.runner = new StartStop(
      (signal, control) => this.#within(() => this.#start(signal, control)),
      plot.hasStop
        ? (signal) => this.#within(() => this.#stop(signal))
        : undefined,
      {
        name: "model",
        printErrors,
        stopTimeout,
        startTimeout,
        awaitReady,
        maxErrors,
        ...(plot.isObserved && {
          observer: (event) => {
            this.must(() => assert(this.#inside === 0, "told half-way"));
            return this.observer(event);
          },
        }),
      },
    );
  }

  ready(service = this.run as Service | undefined): void {
    if (!service || service.ended) return;
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
    this.exhaust();
    this.later = undefined;
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
    else if (!run.abandoned && !this.isReentered) {
      assert(!aborted, "it is forced while somebody waits");
    }
    run.abandoned ||= aborted;
  }

  protected override beforeCall(): void {
    const run = this.run as Service | undefined;
    if (run?.toldAt === undefined || !run.script.looks) return;
    run.abandoned ||= run.control.force.aborted;
  }

  #within<T>(body: () => T): T {
    this.#inside++;
    try {
      return body();
    } finally {
      this.#inside--;
    }
  }

  #start(signal: AbortSignal, control: StartControl): Promise<void> | void {
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
      abandoned: false,
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
    else this.later?.("ready", () => this.ready(run));
    if (script.ready === "twice") this.ready();
    this.again(script.inStart);
    const end = () => {
      run.isMainOver = true;
      if (run.isStopOver) this.over(run);
    };
    if (script.start === "throw at once") {
      end();
      throw this.throws();
    }
    if (script.start === "return at once") return end();
    return this.#main(run).finally(end);
  }

  async #main(run: Service): Promise<void> {
    const { abort, main, script } = run;
    const { start } = script;
    if (start === "return") return;
    if (start === "throw") throw this.throws();
    if (start === "hold" || start === "reject") {
      const settle = () =>
        start === "reject" ? main.fail(abort.reason) : main.open();
      const told = () => {
        if (this.later) this.later("the run ends", settle);
        else settle();
      };
      if (abort.aborted) told();
      else abort.addEventListener("abort", told, { once: true });
    } else this.later?.("the start function settles", main.open);
    try {
      await main.promise;
      if (start === "own stop") await this.call("stop", 20).catch(() => {});
    } catch (reason) {
      throw reason === "fail" ? this.throws() : reason;
    }
  }

  #stop(force: AbortSignal): Promise<void> | void {
    const run = this.runs.at(-1) as Service;
    const { abort, control, script } = run;
    run.stops++;
    this.must(() => {
      assert(abort.aborted, "stopped before it was told");
      assert(force === control.force, "two signals that say now");
    });
    this.again(script.inStop);
    const over = () => {
      run.isStopOver = true;
      if (run.isMainOver) this.over(run);
    };
    if (script.stop === "throw at once") {
      over();
      throw this.throws();
    }
    if (script.stop === "end at once") return over();
    return this.#cleanUp(run, force).finally(over);
  }

  async #cleanUp({ end, script }: Service, force: AbortSignal): Promise<void> {
    if (script.stop === "throw") throw this.throws();
    if (script.stop === "own stop") {
      await undefined;
      await this.call("stop", 20).catch(() => {});
    }
    const isForced = script.stop === "force";
    if (isForced ? force.aborted : script.stop !== "hang") return;
    this.later?.("the stop function settles", end.open);
    if (isForced) {
      const forced = () => end.fail(force.reason);
      force.addEventListener("abort", forced, { once: true });
    }
    await end.promise;
  }
}
