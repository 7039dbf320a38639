/**
 * What a runner owes to whoever uses it, kept as plain data beside the runner:
 * the calls that were made, the runs that were seen, the events that were told.
 * After every step the two are compared.
 */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { Runner, RunnerEvent, StartStop, Ticker } from "@golib/runner";
import { CountingController } from "./_helpers.ts";
import { HandClock, settleAll } from "./_fake_clocks.ts";

export type Caller = Kind | "dispose";
type Kind = "start" | "stop" | "restart" | "finished";

/** What an observer does with an event. */
export type Manner =
  | "listen"
  | "throw"
  | "reject"
  | "hang"
  | "leave"
  | "join"
  | Caller;

/** One call, and how it ended. */
export interface Call {
  readonly kind: Kind;
  readonly order: number;
  readonly at: number;
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** How many runs there had been. */
  readonly runs: number;
  /** Whether there was a run that it had to wait for. */
  readonly during: Run | undefined;
  outcome: "pending" | "resolved" | "rejected";
}

/** One run, as its functions and observers saw it. */
export interface Run {
  readonly launchedAt: number;
  /** The signal that it may live on: that of a start, or of a run before it. */
  signal: AbortSignal | undefined;
  /** When it began to be `running`. */
  since: number | undefined;
  toldAt: number | undefined;
  /** Until when a stop that nobody made waits for it. */
  impliedUntil: number;
  /** Whether a grace has passed, and whether one may have. */
  overdue: boolean;
  maybeOverdue: boolean;
  ended: boolean;
}

export interface Limits {
  readonly stopTimeout: number;
  readonly startTimeout: number;
  readonly awaitReady: boolean;
  readonly maxErrors: number;
  readonly printErrors: boolean;
  /** What the observer of the options does with each event, as long as it may. */
  readonly onEvent: Manner;
  /** How often functions and observers may call back. */
  readonly budget: number;
}

/** One that has joined. */
interface Observer {
  /** How many events there had been. */
  readonly from: number;
  /** Whether none of them was still to be told. */
  readonly isExact: boolean;
  /** Which event it must hear next. */
  next: number | undefined;
  /** The state that it heard of last. */
  to: string | undefined;
  hasLeft: boolean;
  leave(): void;
}

/** How many may have joined at once. */
const OBSERVERS = 6;

/** Where the states may lead. */
const ARROWS = new Set([
  "stopped running",
  "stopped starting",
  "starting running",
  "starting stopping",
  "running stopping",
  "stopping stopped",
  "starting stopped",
  "running stopped",
]);

const SIGNALS = 3;

function isStart({ kind }: Call): boolean {
  return kind === "start" || kind === "restart";
}

function isNamed(value: unknown, name: string): boolean {
  return value instanceof DOMException && value.name === name;
}

/** As at the end of a block that has it `await using`. */
async function dispose(runner: Runner): Promise<void> {
  // Some engines have no such symbol, and the method is absent.
  if (!Symbol.asyncDispose) return runner.stop();
  await runner[Symbol.asyncDispose]();
}

/** A runner on a clock of its own, and what is known of it. */
export abstract class World<R extends StartStop | Ticker> {
  readonly clock = new HandClock({ settle: settleAll });
  readonly calls: Call[] = [];
  readonly runs: Run[] = [];
  readonly events: RunnerEvent[] = [];
  /** What functions threw and must be recorded, and in which step. */
  readonly thrown = new Map<unknown, number>();
  readonly sources: CountingController[] = [];
  readonly limits: Limits;
  /** Errors that were told and are not to be recorded. */
  readonly notes = new Set<RunnerEvent>();
  /** What went wrong inside functions and observers. */
  readonly broken: unknown[] = [];
  /** Whether functions or observers have called back. */
  isReentered = false;
  /**
   * Does something when the scheduler of a property says so; without one, things
   * happen at once, or when a step asks for them.
   */
  later: ((label: string, act: () => void) => void) | undefined;
  /** Whether events, and what is known by them, may come after the fact. */
  get lags(): boolean {
    return false;
  }
  abstract readonly runner: R;
  #order = 0;
  #steps = 0;
  /** The order of the newest stop. */
  #lastStop = -1;
  readonly #aborts = new Set<unknown>();
  #errorsSeen = 0;
  #lastStep = 0;
  /** What the events say that the last run failed with. */
  #failure: Error | undefined;
  /** Who is calling at this moment: a caller, or a signal that aborts. */
  #asking: "call" | AbortSignal | undefined;
  #open: Call[] = [];
  readonly #observers: Observer[] = [];
  #budget: number;
  /** What observers did to be caught and printed. */
  #harms = 0;
  #printed = 0;
  readonly #print = console.error;

  constructor(limits: Limits) {
    this.limits = limits;
    this.#budget = limits.budget;
    console.error = (text: unknown) => {
      // Is said of some runs by how they end, which `start_stop_test.ts` looks at.
      if (!String(text).includes("has returned at once")) this.#printed++;
    };
    for (let index = 0; index < SIGNALS; index++) {
      this.sources.push(new CountingController());
    }
  }

  get now(): number {
    return this.clock.now;
  }

  get run(): Run | undefined {
    const run = this.runs.at(-1);
    return run?.ended ? undefined : run;
  }

  /** What is wrong inside a function or an observer is told after the step. */
  must(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.broken.push(error);
    }
  }

  throws(): Error {
    const error = new Error(`thrown #${this.thrown.size}`);
    this.mustRecord(error);
    return error;
  }

  /** From now on it is owed that an error is recorded. */
  protected mustRecord(error: unknown): void {
    this.thrown.set(error, this.#steps);
  }

  /** The run that ends has failed with an error that its start did not throw. */
  protected failed(error: Error): void {
    this.#failure ??= error;
  }

  /** The observer of the options, which is told first. */
  observer(event: RunnerEvent): unknown {
    this.must(() => this.#hear(event));
    return this.#act(this.limits.onEvent, undefined);
  }

  /** One more joins, and keeps to a manner. */
  observe(manner: Manner, isExact = true): void {
    if (this.#observers.length >= OBSERVERS) return;
    const observer: Observer = {
      from: this.events.length,
      isExact,
      next: undefined,
      to: undefined,
      hasLeft: false,
      leave: this.runner.observe((event) => {
        this.must(() => this.#overhear(observer, event));
        return this.#act(manner, observer);
      }),
    };
    this.#observers.push(observer);
  }

  leave(which: number): void {
    const observer = this.#observers[which % OBSERVERS];
    if (!observer) return;
    observer.hasLeft = true;
    observer.leave();
    this.#observers.splice(this.#observers.indexOf(observer), 1);
  }

  #act(manner: Manner, observer: Observer | undefined): unknown {
    switch (manner) {
      case "listen":
        return undefined;
      case "throw":
        this.#harms++;
        throw new Error("an observer");
      case "reject":
        this.#harms++;
        return Promise.reject(new Error("an observer"));
      case "hang":
        return new Promise(() => {});
      case "leave":
        if (observer) this.leave(this.#observers.indexOf(observer));
        return undefined;
      case "join":
        if (this.#budget-- > 0) this.observe("listen", false);
        return undefined;
      default:
        this.again(manner);
        return undefined;
    }
  }

  #overhear(observer: Observer, event: RunnerEvent): void {
    assert(!observer.hasLeft, "told after it left");
    if (this.events.length > 0) {
      // Each event goes to every observer before the next.
      assertStrictEquals(event, this.events.at(-1));
      const index = this.events.length - 1;
      const expected = observer.next ??
        (observer.isExact ? observer.from : Math.max(observer.from, index));
      assertStrictEquals(index, expected, "an observer was not told");
      observer.next = index + 1;
    }
    if (event.type !== "state") return;
    assertEquals(event.from, observer.to ?? event.from, "it skips a state");
    observer.to = event.to;
  }

  /** Calls back, from a place where callers seldom are. */
  again(caller: Caller | undefined): void {
    if (caller === undefined || this.#budget <= 0) return;
    this.#budget--;
    this.isReentered = true;
    this.call(caller);
  }

  /** Nothing calls back any more. */
  protected exhaust(): void {
    this.#budget = 0;
  }

  /** Gives back what is faked. */
  restore(): void {
    console.error = this.#print;
    this.clock.restore();
  }

  launched(): Run {
    this.must(() => assertEquals(this.run, undefined, "two runs at once"));
    const run: Run = {
      launchedAt: this.now,
      signal: undefined,
      since: this.limits.awaitReady ? undefined : this.now,
      toldAt: undefined,
      impliedUntil: -Infinity,
      overdue: false,
      maybeOverdue: false,
      ended: false,
    };
    this.runs.push(run);
    return run;
  }

  /** The run's signal has aborted. */
  told(run: Run): void {
    run.toldAt = this.now;
    const waitUntil = this.now + this.limits.stopTimeout;
    if (this.lags) {
      run.maybeOverdue = true;
      return;
    }
    if (this.#asking === "call" || this.asksItself(run)) return;
    if (this.#asking !== undefined) {
      const { signal } = run;
      this.must(() =>
        assert(!signal || signal === this.#asking, "whose signal")
      );
      run.impliedUntil = waitUntil;
    } else if (this.#isUnready(run)) {
      run.impliedUntil = waitUntil;
    } else {
      // One in the queue replaces what the one before it has launched.
      const line = this.#open.filter((call) =>
        isStart(call) && call.outcome === "pending"
      );
      this.must(() => assert(line.length > 1, "asked to stop, nobody asked"));
    }
  }

  /** The run is over. */
  over(run: Run): void {
    run.ended = true;
    run.maybeOverdue ||= run.impliedUntil <= this.now;
  }

  protected asksItself(_run: Run): boolean {
    return false;
  }

  #isUnready(run: Run): boolean {
    if (run.since !== undefined) return false;
    const { startTimeout } = this.limits;
    return this.calls.some((call) =>
      isStart(call) && this.now >= run.launchedAt +
          ((call.kind === "start" ? call.timeout : undefined) ?? startTimeout)
    );
  }

  protected signalOf(source: number | undefined): AbortSignal | undefined {
    return source === undefined
      ? undefined
      : this.sources[source % SIGNALS]!.signal;
  }

  /** Makes a call, and checks what must hold when it returns. */
  call(caller: Caller, limit?: number, source?: number): Promise<void> {
    const isDisposal = caller === "dispose";
    const kind = isDisposal ? "stop" : caller;
    const timeout = isDisposal ? undefined : limit;
    const signal = isDisposal ? undefined : this.signalOf(source);
    const during = this.run;
    this.beforeCall();
    const call: Call = {
      kind,
      order: this.#order++,
      at: this.now,
      timeout,
      signal,
      runs: this.runs.length,
      during,
      outcome: "pending",
    };
    this.calls.push(call);
    this.#open.push(call);
    const isRefused = kind !== "stop" && signal?.aborted === true;
    const asking = this.#asking;
    this.#asking = "call";
    if (kind === "stop") this.#lastStop = call.order;
    const isOver = this.runner.state === "stopped";
    const promise = isDisposal ? dispose(this.runner) : this.runner[kind]({
      ...(timeout !== undefined && kind !== "finished" && { timeout }),
      ...(signal && { signal }),
    });
    this.#asking = asking;
    promise.then(
      () => this.must(() => this.#resolved(call)),
      (reason) => this.must(() => this.#rejected(call, reason)),
    );
    this.must(() => {
      const { state } = this.runner;
      if (kind === "finished" || isRefused || isOver) return;
      if (during && !during.ended && !this.lags) {
        assert(during.toldAt !== undefined, `${kind} did not tell the run`);
      }
      if (kind === "stop") assert(state === "stopping" || state === "stopped");
    });
    return promise;
  }

  abort(source: number): void {
    const controller = this.sources[source % SIGNALS]!;
    if (controller.signal.aborted) {
      // A program has a life for each of its runs.
      this.must(() => assertEquals(controller.count, 0));
      this.sources[source % SIGNALS] = new CountingController();
      return;
    }
    const { run } = this;
    const asking = this.#asking;
    this.#asking = controller.signal;
    const reason = new Error(`abort #${this.#aborts.size}`);
    this.#aborts.add(reason);
    controller.abort(reason);
    this.#asking = asking;
    if (run?.signal !== controller.signal) return;
    this.must(() =>
      assert(run.ended || run.toldAt !== undefined, "told it not")
    );
  }

  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms);
  }

  /** Ends a step: what can happen now has happened. */
  async rest(): Promise<void> {
    await this.clock.pass(0);
    await settleAll();
    this.check();
    this.#steps++;
  }

  check(): void {
    for (const error of this.broken) throw error;
    this.#open = this.#open.filter(({ outcome }) => outcome === "pending");
    this.#checkState();
    this.#checkOpen();
    this.#checkErrors();
    this.#checkObservers();
    this.checkMore();
    const { state } = this.runner;
    if (state === "stopped") {
      assertEquals(this.clock.pending, 0, "a timer is left");
      for (const { count } of this.sources) {
        assertEquals(count, 0, "a listener is left");
      }
    }
  }

  protected abstract checkMore(): void;

  /** Before another joins those that wait. */
  protected beforeCall(): void {}

  /** The state that follows from what is known of the runs. */
  expectedState(): string {
    const { run } = this;
    if (run === undefined) return "stopped";
    if (run.toldAt !== undefined) return "stopping";
    return run.since === undefined ? "starting" : "running";
  }

  /** Those that wait for the end of a run that was asked to stop. */
  waiters(): Call[] {
    return this.#open.filter(({ kind }) => kind !== "finished");
  }

  #hear(event: RunnerEvent): void {
    const last = this.events.findLast(({ type }) => type === "state");
    this.events.push(event);
    assertStrictEquals(event.runner, this.runner);
    if (event.type === "error" && event.phase === "start") {
      this.#failure ??= event.error;
    }
    if (event.type !== "state") return;
    const { from, to } = event;
    if (from === "stopped") this.#failure = undefined;
    const before = last?.type === "state" ? last.to : "stopped";
    assertEquals(from, before, "the events skip a state");
    assert(ARROWS.has(`${from} ${to}`), `${from} became ${to}`);
    const direct = `${from} ${to}` === "stopped running";
    const byReady = `${from} ${to}` === "stopped starting";
    assert(!(this.limits.awaitReady ? direct : byReady), `${from} to ${to}`);
  }

  #checkState(): void {
    const { runner, run } = this;
    assertEquals(runner.state, this.expectedState());
    assertEquals(runner.isRunning(), runner.state === "running");
    assertEquals(
      runner.uptime(),
      runner.isRunning() ? this.now - run!.since! : 0,
    );
    const told = this.events.findLast(({ type }) => type === "state");
    if (told?.type === "state") assertEquals(told.to, runner.state);
  }

  #checkOpen(): void {
    const { state } = this.runner;
    const { stopTimeout, startTimeout } = this.limits;
    const run = this.run!;
    let readying = 0;
    for (const call of this.#open) {
      const { kind, at, timeout, signal } = call;
      const what = `${kind} #${call.order} waits while ${state}`;
      assert(state !== "stopped" && !signal?.aborted, what);
      if (kind === "finished") continue;
      const isCalledOff = isStart(call) && call.order < this.#lastStop;
      assert(!isCalledOff, `${what}, and a later stop called it off`);
      if (state === "stopping") {
        const grace = kind === "start" ? stopTimeout : timeout ?? stopTimeout;
        const from = kind === "stop" ? at : Math.max(at, run.toldAt!);
        assert(this.now < from + grace, `${what}, its grace has passed`);
      } else {
        assert(state === "starting" && kind !== "stop", what);
        assertEquals(readying++, 0, "two starts wait for one run");
        const limit = kind === "start" ? timeout ?? startTimeout : startTimeout;
        assert(this.now < run.launchedAt + limit, `${what}, not ready in time`);
      }
    }
    if (state === "stopping" && run.impliedUntil <= this.now) {
      run.overdue ||= run.impliedUntil > -Infinity;
    }
  }

  #resolved(call: Call): void {
    call.outcome = "resolved";
    const { kind, order, during } = call;
    if (kind === "finished") {
      const isKnown = this.events.length > 0 && !this.isReentered;
      if (isKnown) assertEquals(this.#failure, undefined);
      return;
    }
    if (kind === "stop") {
      assert(!during || during.ended, "stop resolved before the run's end");
      return;
    }
    assert(this.runs.length > call.runs, `${kind} resolved without a launch`);
    if (this.runs.length === call.runs + 1 && call.signal) {
      this.runs.at(-1)!.signal = call.signal;
    }
    const { awaitReady } = this.limits;
    const isReady = this.runs.slice(call.runs).some(({ since }) =>
      since !== undefined
    );
    assert(isReady || !awaitReady, `${kind} resolved before it was ready`);
    for (const each of this.#open) {
      const isEarlier = each.order < order && each.outcome === "pending" &&
        isStart(each) && !this.isReentered;
      assert(!isEarlier, `${kind} #${order} overtook #${each.order}`);
    }
  }

  #rejected(call: Call, reason: unknown): void {
    call.outcome = "rejected";
    const { kind, order, signal, at, timeout } = call;
    const what = `${kind} #${order} rejects with ${reason}`;
    if (signal?.aborted && reason === signal.reason) return;
    const isInherited = kind === "restart" && !signal &&
      this.#aborts.has(reason);
    if (isInherited) return;
    const isRecorded = this.recorded().includes(reason) ||
      this.events.length === 0 &&
        (this.thrown.has(reason) || this.isKnown(reason));
    if (isNamed(reason, "AbortError")) {
      const since = this.calls.slice(order + 1);
      const isCalledOff = since.some((each) => each.kind !== "finished") ||
        this.runs.some((run) => this.asksItself(run));
      assert(isStart(call) && isCalledOff, what);
    } else if (isNamed(reason, "TimeoutError") && kind !== "finished") {
      const { stopTimeout, startTimeout } = this.limits;
      const run = this.run ?? this.runs.at(-1)!;
      const grace = kind === "start" ? stopTimeout : timeout ?? stopTimeout;
      const limit = kind === "start" ? timeout ?? startTimeout : startTimeout;
      const isLate = run.toldAt !== undefined &&
        this.now >= (kind === "stop" ? at : Math.max(at, run.toldAt)) + grace;
      const isUnready = isStart(call) && this.limits.awaitReady &&
        this.now >= run.launchedAt + limit;
      assert(isLate || isUnready, `${what} too early`);
      if (String(reason).includes("the run did not")) run.overdue = true;
    } else {
      assert(kind !== "stop" && isRecorded, what);
      const isKnown = this.events.length > 0 && !this.isReentered;
      // A start of the same moment may have replaced the run that failed.
      if (isKnown && kind === "finished" && this.#failure !== undefined) {
        assertStrictEquals(this.#failure, reason, what);
      }
    }
  }

  /** All that was ever recorded where it is known, else what still is. */
  recorded(): unknown[] {
    return this.events.length === 0
      ? this.runner.errorsList()
      : this.#errorsOf(this.events);
  }

  #errorsOf(events: readonly RunnerEvent[]): Error[] {
    return events.flatMap((each) =>
      each.type === "error" && !this.notes.has(each) ? each.error : []
    );
  }

  #checkObservers(): void {
    for (const { from, isExact, next, to } of this.#observers) {
      assertEquals(to ?? this.runner.state, this.runner.state);
      const expected = next ?? (isExact ? from : this.events.length);
      assertEquals(expected, this.events.length, "an observer is behind");
    }
    const { printErrors } = this.limits;
    if (printErrors && this.events.length === 0) return;
    const errors = printErrors ? this.recorded().length : 0;
    assertEquals(this.#printed, this.#harms + errors, "what was printed");
  }

  #checkErrors(): void {
    const { runner, limits } = this;
    const list = runner.errorsList();
    const total = runner.errorsTotal();
    assertEquals(list.length, Math.min(total, limits.maxErrors));
    assertStrictEquals(runner.errorsLast(), list.at(-1));
    if (this.events.length === 0) return;
    const errors = this.recorded();
    const since = this.events.findLastIndex((each) =>
      each.type === "state" && each.from === "stopped"
    );
    const recent = this.#errorsOf(this.events.slice(since + 1));
    const kept = recent.slice(-limits.maxErrors);
    assertEquals(total, recent.length);
    assert(list.every((each, index) => each === kept[index]), "other errors");
    for (const error of errors.slice(this.#errorsSeen)) {
      const step = this.thrown.get(error);
      if (step === undefined) {
        assert(isNamed(error, "TimeoutError") || this.isKnown(error));
        continue;
      }
      assert(step >= this.#lastStep, "errors out of order");
      this.#lastStep = step;
    }
    this.#errorsSeen = errors.length;
    const counted = errors.filter((error) => this.thrown.has(error));
    assertEquals(new Set(counted).size, counted.length, "recorded twice");
    assertEquals(counted.length, this.thrown.size, "thrown, and not recorded");
    const graces = errors.filter((error) =>
      isNamed(error, "TimeoutError") &&
      String(error).includes("the run did not end")
    ).length;
    const overdue = this.runs.filter((run) => run.overdue).length;
    const most = this.runs.filter((run) => run.overdue || run.maybeOverdue);
    assert(overdue <= graces && graces <= most.length, "graces that passed");
  }

  protected isKnown(error: unknown): boolean {
    return /ended before it was ready|was not ready within/.test(String(error));
  }
}
