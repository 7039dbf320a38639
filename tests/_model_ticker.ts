/** A Ticker whose ticks follow a script, on a grid that the model keeps. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type RunnerEvent, type TickControl, Ticker } from "@golib/runner";
import { type Gate, gate } from "./_helpers.ts";
import { type Caller, type Limits, type Run, World } from "./_model.ts";

/** What one tick does. */
export interface Tick {
  readonly does:
    | "nothing"
    | "throw"
    | "return"
    | "reject"
    | "wait"
    | "obey"
    | "fail"
    | "hang"
    | "own stop";
  /** How long it waits, in milliseconds. */
  readonly ms: number;
  readonly calls:
    | Caller
    | "control.stop"
    | "control.skip"
    | "reset"
    | undefined;
}

export interface Rhythm extends Limits {
  readonly interval: number;
  readonly immediate: boolean;
  readonly tickTimeout: number;
  readonly failAfter: number;
  readonly retry: Again | undefined;
  /** Whether it looks at what the ticks came to. */
  readonly reads: boolean;
  readonly ticks: readonly Tick[];
}

/** When a failed tick is tried again. */
export interface Again {
  readonly times: number;
  readonly initial: number;
  readonly factor: number;
  readonly max: number;
  /** Which share of the longest pause is waited. */
  readonly share: number;
}

interface Beats extends Run {
  origin: number;
  interval: number;
  /** The last point that had passed when the last tick began. */
  passed: number;
  stopsItself: boolean;
  /** Whether it is there for one tick alone, which a host asked for. */
  isOnly: boolean;
  control: TickControl | undefined;
  failedInARow: number;
  /** What it has to end with, as too many ticks have failed in a row. */
  fatal: Error | undefined;
}

/** A tick that has begun. */
interface Flight {
  gate: Gate;
  readonly beats: Beats;
  readonly control: TickControl;
  readonly at: number;
  readonly missed: number;
  readonly scheduledAt: number;
  readonly signal: AbortSignal;
  attempts: number;
  skips: boolean;
  /** What the last attempt failed with, and when the next is due. */
  pause: { readonly error: Error; readonly until: number } | undefined;
  /** The signal that the host gave for it. */
  readonly life: AbortSignal | undefined;
}

/** A tick that a host asks for, and what came of it. */
interface Asked {
  readonly life: AbortSignal | undefined;
  readonly isOnly: boolean;
  flight: Flight | undefined;
}

function optionsOf({ share, ...again }: Again) {
  return { ...again, random: () => share };
}

export class TickerWorld extends World<Ticker> {
  readonly runner: Ticker;
  ticks = 0;
  readonly #rhythm: Rhythm;
  /** How many hosts wait for their ticks. */
  #hosts = 0;
  #count = 0;
  #endedAt = 0;
  #inFlight: Flight | undefined;
  /** A tick that the host asks for, until it comes. */
  #asked: Asked | undefined;
  /** Which run the events are at. */
  #story = -1;
  /** The ticks that events have still to tell of. */
  readonly #untold: Flight[] = [];
  /** The errors of attempts that events have still to tell of. */
  readonly #unnoted = new Set<unknown>();
  /** What all ticks came to. */
  readonly #sum = { total: 0, failed: 0, missed: 0, skipped: 0 };

  constructor(rhythm: Rhythm) {
    super({ ...rhythm, awaitReady: false });
    this.#rhythm = rhythm;
    const { interval, immediate, tickTimeout, failAfter } = rhythm;
    const { stopTimeout, maxErrors, printErrors, retry } = rhythm;
    this.runner = new Ticker(
      interval,
      (signal, control) => this.#tick(signal, control),
      {
        name: "model",
        printErrors,
        immediate,
        tickTimeout,
        failAfter,
        ...(retry && { retry: optionsOf(retry) }),
        stopTimeout,
        maxErrors,
        observer: (event) => {
          this.must(() => this.#note(event));
          return this.observer(event);
        },
      },
    );
  }

  /** Ticks now, as a host does that has the timers itself. */
  host(source?: number): void {
    const life = this.signalOf(source);
    const isRefused = life?.aborted;
    const isBusy = this.#inFlight !== undefined ||
      this.runner.state === "stopping" || this.#endedAt === this.now;
    const isOnly = this.runner.state === "stopped";
    const asked: Asked = { life, isOnly, flight: undefined };
    this.#asked = asked;
    const promise = this.runner.tick(life && { signal: life });
    this.#asked = undefined;
    const { flight } = asked;
    this.must(() => assert(!(isRefused && flight), "for a host that has gone"));
    this.#hosts++;
    promise.then(
      () => {
        this.#hosts--;
        this.must(() => {
          assert(flight, "resolved without a tick");
          assert(this.#inFlight !== flight, "settled before its tick");
        });
      },
      (reason) => {
        this.#hosts--;
        this.must(() => {
          assert(!flight, "rejected, and its tick has begun");
          if (isRefused) assertStrictEquals(reason, life.reason);
          else assert(isBusy, `a tick is refused: ${reason}`);
        });
      },
    );
  }

  /** Begins the grid anew, from within a tick. */
  reset(control: TickControl, interval: number): void {
    const beats = this.run as Beats | undefined;
    control.reset(interval);
    if (!beats || this.runner.state !== "running") return;
    beats.origin = this.now;
    beats.interval = interval;
    beats.passed = 0;
  }

  finish(): void {
    this.#inFlight?.gate.open();
  }

  fail(): void {
    this.#inFlight?.gate.fail("fail");
  }

  async close(): Promise<void> {
    this.exhaust();
    this.later = undefined;
    for (let round = 0; this.runner.state !== "stopped"; round++) {
      assert(round < 20, "it does not come to rest");
      this.call("stop", 1);
      this.finish();
      await this.pass(this.#rhythm.tickTimeout < Infinity ? 100 : 1);
      await this.rest();
    }
  }

  protected override asksItself(run: Run): boolean {
    return (run as Beats).stopsItself;
  }

  protected override isKnown(error: unknown): boolean {
    return String(error).includes("the tick did not end");
  }

  protected checkMore(): void {
    const beats = this.run as Beats | undefined;
    this.#checkFacts(beats);
    if (this.#inFlight) {
      const { at, signal, life, pause } = this.#inFlight;
      if (pause) {
        assert(!signal.aborted, "an attempt is waited for after the abort");
        assert(this.now < pause.until, "an attempt did not come");
      }
      const isLate = this.now >= at + this.#rhythm.tickTimeout;
      const isTold = this.runner.state === "stopping" || life?.aborted === true;
      assertEquals(signal.aborted, isLate || isTold, "the signal of a tick");
      assert(this.#hosts <= 1, "two hosts wait for one tick");
    } else {
      assertEquals(this.#untold, []);
      assertEquals(this.#hosts, 0, "a host waits for a tick that has ended");
    }
    if (!beats || this.runner.state !== "running" || this.#inFlight) return;
    assert(!beats.isOnly, "a run outlives the one tick that it is for");
    const reached = Math.floor((this.now - beats.origin) / beats.interval);
    // What a tick outlasts is missed by the next; what is reached as it ends not.
    const outlasted = (this.#endedAt - beats.origin) / beats.interval;
    const due = Math.max(beats.passed, Math.ceil(outlasted) - 1);
    assertStrictEquals(due, reached, "the point of the last tick");
  }

  override get lags(): boolean {
    return this.isReentered;
  }

  #checkFacts(beats: Beats | undefined): void {
    if (beats?.fatal) assert(beats.toldAt, "it goes on after its last failure");
    // To look has effects of its own.
    if (!this.#rhythm.reads || this.#inFlight) return;
    const { total, failed, missed, skipped, failedInARow } = this.runner.ticks;
    assertEquals({ total, failed, missed, skipped }, this.#sum, "the counts");
    if (beats) assertEquals(failedInARow, beats.failedInARow, "in a row");
  }

  #launch(): Beats {
    return Object.assign(this.launched(), {
      origin: this.now,
      interval: this.#rhythm.interval,
      passed: 0,
      stopsItself: false,
      isOnly: false,
      control: undefined,
      failedInARow: 0,
      fatal: undefined,
    });
  }

  /** The run of a tick, which may be told of before the end of the one before. */
  #beats(control: TickControl): Beats {
    const run = this.run as Beats | undefined;
    const isNew = run?.control ? run.control !== control : run?.toldAt;
    if (run && isNew) {
      const isExpected = this.#rhythm.immediate || this.#asked !== undefined;
      this.must(() => assert(isExpected, "a tick of a run that is not known"));
      this.over(run);
    }
    const beats = run && !isNew ? run : this.#launch();
    beats.control = control;
    return beats;
  }

  #note(event: RunnerEvent): void {
    if (event.type === "tick") return this.#tickTold(event);
    if (event.type === "error" && this.#unnoted.delete(event.error)) {
      this.notes.add(event);
    }
    if (event.type !== "state") return;
    if (event.from === "stopped") {
      if (++this.#story === this.runs.length) this.#launch();
      return;
    }
    const beats = this.runs[this.#story] as Beats;
    if (event.from === "running" && event.to === "stopped") {
      assert(beats.isOnly || beats.fatal, "it ends by itself");
    }
    if (event.to === "stopping") this.told(beats);
    else if (!beats.ended) {
      assert(!this.#inFlight, "stopped while a tick is in flight");
      this.over(beats);
    }
  }

  #tickTold(event: RunnerEvent & { type: "tick" }): void {
    const untold = this.#untold.shift()!;
    const { attempts, beats } = untold;
    if (untold.pause) this.#gaveUp(untold);
    assertStrictEquals(event.startedAt, untold.at);
    assertStrictEquals(event.missed, untold.missed);
    assertStrictEquals(event.duration, this.now - untold.at);
    assert(event.scheduledAt <= event.startedAt);
    const { failAfter, retry } = this.#rhythm;
    assertStrictEquals(event.attempts, retry && attempts, "attempts");
    const isSkipped = untold.skips && !event.error;
    assertStrictEquals(event.skipped ?? false, isSkipped, "skipped");
    assert(!event.error || this.recorded().includes(event.error));
    this.#sum.total++;
    this.#sum.missed += untold.missed;
    if (event.error) {
      this.#sum.failed++;
      beats.failedInARow++;
      const { isOnly, failedInARow, toldAt } = beats;
      if (failedInARow < failAfter || isOnly || toldAt !== undefined) return;
      beats.fatal = event.error;
      this.failed(event.error);
    } else if (isSkipped) this.#sum.skipped++;
    else beats.failedInARow = 0;
  }

  /** A tick has ended while its next attempt was waited for. */
  #gaveUp(flight: Flight): void {
    const isLate = this.now >= flight.at + this.#rhythm.tickTimeout ||
      this.now >= this.#pointAfter(flight);
    assert(flight.signal.aborted || isLate, "an attempt is given up");
    this.mustRecord(flight.pause!.error);
    flight.pause = undefined;
    this.#inFlight = undefined;
    this.#endedAt = this.now;
  }

  /** The point before which each attempt of a tick has to begin. */
  #pointAfter({ at, beats: { isOnly, origin, interval } }: Flight): number {
    if (isOnly) return Infinity;
    const passed = Math.max(Math.floor((at - origin) / interval), 0);
    return origin + (passed + 1) * interval;
  }

  /** An attempt has failed, and what is to become of it is decided right now. */
  #failedAttempt(flight: Flight, error: Error): void {
    const { retry, tickTimeout } = this.#rhythm;
    const { attempts, at, signal, skips } = flight;
    const pause = retry && attempts <= retry.times
      ? retry.share *
        Math.min(retry.max, retry.initial * retry.factor ** (attempts - 1))
      : Infinity;
    const until = this.now + pause;
    const end = Math.min(at + tickTimeout, this.#pointAfter(flight));
    if (signal.aborted || skips || until >= end) return this.mustRecord(error);
    flight.pause = { error, until };
    this.#inFlight = flight;
    this.#unnoted.add(error);
  }

  /** The next attempt of a tick in flight. */
  #again(flight: Flight, signal: AbortSignal, control: TickControl): void {
    const { at, beats, missed, pause, scheduledAt } = flight;
    const { retry, tickTimeout } = this.#rhythm;
    this.must(() => {
      assert(pause, "two ticks at once");
      assertStrictEquals(signal, flight.signal);
      assertStrictEquals(control, flight.control);
      assertStrictEquals(control.missed, missed);
      assertStrictEquals(control.scheduledAt, scheduledAt);
      assert(!signal.aborted && beats.toldAt === undefined, "after the stop");
      assert(flight.attempts <= retry!.times, "one attempt too many");
      assert(this.now >= pause.until, "an attempt before its time");
      assert(this.now < at + tickTimeout, "an attempt after the tick's time");
      assert(this.now < this.#pointAfter(flight), "an attempt beside a tick");
    });
    flight.pause = undefined;
    flight.attempts++;
    flight.gate = gate();
  }

  #begin(signal: AbortSignal, control: TickControl): Flight {
    // What replaces its run may begin before it is told that it has ended.
    if (this.#inFlight?.pause) this.must(() => this.#gaveUp(this.#inFlight!));
    const beats = this.#beats(control);
    const { runner, now } = this;
    const asked = this.#asked;
    this.#asked = undefined;
    const isFirst = this.#rhythm.immediate && now === beats.launchedAt &&
      beats.passed === 0 && beats.origin === now;
    this.must(() => {
      assert(!this.#inFlight, "two ticks at once");
      assertEquals(runner.state, "running");
      assert(!signal.aborted && beats.toldAt === undefined, "after the stop");
      if (asked) return assertStrictEquals(control.missed, 0);
      const point = Math.floor((now - beats.origin) / beats.interval);
      assertStrictEquals(
        control.missed,
        isFirst ? 0 : point - beats.passed - 1,
        "missed",
      );
      assert(isFirst || point > beats.passed, "a tick before its time");
      beats.passed = point;
    });
    this.ticks++;
    const flight: Flight = {
      gate: gate(),
      beats,
      control,
      at: now,
      missed: control.missed,
      scheduledAt: control.scheduledAt,
      signal,
      attempts: 1,
      skips: false,
      pause: undefined,
      life: asked?.life,
    };
    this.#untold.push(flight);
    if (asked) asked.flight = flight;
    beats.isOnly ||= asked?.isOnly === true;
    return flight;
  }

  #tick(signal: AbortSignal, control: TickControl): unknown {
    const { ticks } = this.#rhythm;
    const { does, ms, calls } = ticks[this.#count++ % ticks.length]!;
    const flight = this.#inFlight?.control === control
      ? this.#inFlight
      : this.#begin(signal, control);
    if (flight === this.#inFlight) this.#again(flight, signal, control);
    this.#inFlight = flight;
    const { beats } = flight;
    const end = () => {
      this.#inFlight = undefined;
      this.#endedAt = this.now;
    };
    if (calls === "control.stop") {
      beats.stopsItself = true;
      if (beats.impliedUntil === -Infinity) {
        beats.impliedUntil = this.now + this.#rhythm.stopTimeout;
      }
      control.stop();
    } else if (calls === "reset") this.reset(control, 7);
    else if (calls === "control.skip") {
      flight.skips = true;
      control.skip();
    } else this.again(calls);
    if (does === "nothing" || does === "throw") {
      end();
      if (does === "nothing") return;
      const error = new Error("a tick");
      this.#failedAttempt(flight, error);
      throw error;
    }
    const work = this.#work(signal, does, ms, flight.gate).finally(end);
    // Right before the runner learns of it.
    work.catch((error) => {
      if (error !== signal.reason) this.#failedAttempt(flight, error);
    });
    return work;
  }

  async #work(
    signal: AbortSignal,
    does: Tick["does"],
    ms: number,
    { promise, open, fail }: Gate,
  ): Promise<void> {
    if (does === "return") return;
    if (does === "reject") throw new Error("a tick");
    if (does === "own stop") {
      await undefined;
      await this.call("stop", 20).catch(() => {});
      return;
    }
    let timer;
    if (does === "wait" || does === "fail") {
      const settle = () => does === "wait" ? open() : fail("fail");
      timer = setTimeout(settle, ms);
    } else if (does === "obey") {
      const settle = () => fail(signal.reason);
      const told = () => {
        if (this.later) this.later("the tick ends", settle);
        else settle();
      };
      if (signal.aborted) told();
      else signal.addEventListener("abort", told, { once: true });
    } else this.later?.("the tick settles", open);
    try {
      await promise;
    } catch (reason) {
      throw reason === "fail" ? new Error("a tick") : reason;
    } finally {
      clearTimeout(timer);
    }
  }
}
