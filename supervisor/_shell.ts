/**
 * Performs what was decided, and says what has come of it. What is decided is in
 * `_decide.ts`; here is no choice.
 */

import { within } from "../_internal/context.ts";
import { keep } from "../_internal/kept.ts";
import { printsLate } from "../_internal/lifecycle.ts";
import type { Machine } from "../_internal/machine.ts";
import { nothing } from "../_internal/settings.ts";
import type { ChildEntry, RunnerEvent } from "../runner.ts";
import type { StartControl } from "../start_stop/mod.ts";
import { Alarms } from "./_alarms.ts";
import { type Child, isKept } from "./_child.ts";
import { decide, type Event, type Input } from "./_decide.ts";
import { isPrinted, printAs } from "../_internal/printed.ts";
import { markHung, markLate } from "./_hung.ts";
import { cannot } from "./_messages.ts";
import { type Owner, refTo, start, stop } from "./_runs.ts";
import { pathsOf, statusesOf } from "./_status.ts";
import { now } from "./_time.ts";
import type { Failure, Overrun, Tree } from "./_tree.ts";
import type { Effect } from "./_turn.ts";
import type { SupervisedRunner } from "./options.ts";
interface Caller {
  resolve(): void;
  reject(reason: unknown): void;
}

/** The effects of one supervisor. */
export class Shell implements Owner {
  readonly tree: Tree;
  /** No runner may be two children's. */
  readonly runners: Set<object>;
  readonly #random: () => number;
  readonly #alarms = new Alarms<Child>((child, at) => {
    this.feed({ is: "time", child }, at);
  });
  readonly #callers = new Map<number, Caller>();
  #machine!: Machine;
  #control: StartControl | undefined;
  #over: (failure: Failure | undefined) => void = nothing;
  #effects: Effect[] = [];
  #isBusy = false;
  #isLaunching = false;
  #calls = 0;
  /** What the stop that is being called gives, in milliseconds. */
  #budget: number | undefined;
  /** Told of each child that was added or has another runner. */
  changed: (child: Child) => void = nothing;

  constructor(tree: Tree, random: () => number, runners: Set<object>) {
    this.tree = tree;
    this.runners = runners;
    this.#random = random;
  }

  later(work: () => void): void {
    const context = this.#machine.state.run?.context;
    void Promise.resolve().then(() => within(context, work));
  }

  get runner(): object {
    return this.#machine.runner;
  }

  get force(): AbortSignal | undefined {
    return this.#control?.force;
  }

  /** Takes over the machine of the supervisor, in which it is told what happens. */
  adopt(machine: Machine): void {
    const { cannot } = machine;
    this.#machine = machine;
    machine.cannot = (verb, why) =>
      cannot.call(machine, verb, why + this.#blame());
  }

  /** Does something after all that is being told is. */
  pass(work: () => void): void {
    this.#machine.pass(work);
  }

  /** Those that hold up a start or a stop of the supervisor, as messages have it. */
  #blame(): string {
    const isStop = this.#machine.state.name === "stopping";
    const names = pathsOf(
      statusesOf(this.tree),
      isStop ? "waiting" : "running",
    );
    return names && `; not ${isStop ? "stopped" : "ready"}: ${names}`;
  }

  /** Makes a call that stops the run, with the time that it gives. */
  within<T>(ms: number | undefined, call: () => T): T {
    this.#budget = ms;
    try {
      return call();
    } finally {
      this.#budget = undefined;
    }
  }

  /** One run of the supervisor. */
  async run(signal: AbortSignal, control: StartControl): Promise<void> {
    const { stopTimeout } = this.tree.rules;
    this.#control = control;
    const failure = await new Promise<Failure | undefined>((resolve) => {
      this.#over = resolve;
      signal.addEventListener("abort", () => {
        this.#explain();
        const until = now() + (this.#budget ?? stopTimeout);
        this.feed({ is: "halt", until });
      });
      this.feed({ is: "launch" });
    });
    if (failure) throw this.#failed(failure);
  }

  /** What the supervisor fails with; names those that have not ended. */
  #failed({ error, isHung }: Failure): Error {
    const late = pathsOf(statusesOf(this.tree), "waiting");
    const failure = late
      ? new Error(`${error.message}; not stopped: ${late}`, error)
      : error;
    if (isHung || late) markHung(failure);
    const { cause } = failure;
    if (cause instanceof Error) {
      // What it comes from was printed, with its frames.
      const { name } = this.tree.rules;
      const said = failure.message.includes(cause.message)
        ? ""
        : `: ${cause.message}`;
      printAs(
        failure,
        `Recovering process '${name}': ${failure.message}${said}`,
      );
    }
    return failure;
  }

  /** A start that took too long has the last failures as its cause. */
  #explain(): void {
    const { phase, children } = this.tree;
    const failure = this.#machine.state.run?.failure;
    if (phase.is !== "starting" || !failure || "cause" in failure) return;
    const errors: Error[] = [];
    for (const { error, state } of children.values()) {
      if (error && state.is !== "up") errors.push(error);
    }
    if (errors.length === 0) return;
    const cause = errors.length === 1 ? errors[0] : new AggregateError(
      errors,
      errors.map(({ message }) => message).join("; "),
    );
    Object.defineProperty(failure, "cause", {
      value: cause,
      configurable: true,
      writable: true,
    });
  }

  /** Makes a call that is about one child. */
  ask(
    is: "remove" | "restart" | "stop" | "start",
    name: string,
    isGroup = false,
  ): Promise<void> {
    const child = this.tree.children.get(name);
    if (child) return this.call((call) => ({ is, child, call, isGroup }));
    const what = `${is} "${name}" of "${this.tree.rules.name}"`;
    return Promise.reject(cannot(what, "there is no such child"));
  }

  runnerOf(name: string): SupervisedRunner | undefined {
    const child = this.tree.children.get(name);
    return child && refTo(child).runner;
  }

  entries(): ChildEntry[] {
    return Array.from(this.tree.children.values(), (child) => ({
      name: child.name,
      runner: refTo(child).runner,
    }));
  }

  /** Makes a call that an effect settles. */
  call(make: (call: number) => Event): Promise<void> {
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#callers.set(call, { resolve, reject });
      this.feed(make(call));
    });
  }

  /** Decides on what has happened, and does what follows. */
  feed(event: Event, at = now()): void {
    const { tree } = this;
    const machine = this.#machine;
    const part = this.#part(event);
    tree.isObserved = machine.isObserved;
    // Those that were deleted are there again after a launch.
    const back = event.is === "launch" ? tree.deleted : [];
    const { effects } = decide(tree, { ...event, at, part } as Input);
    for (const child of back) this.#listed(child);
    if (event.is === "add") this.#listed(event.child);
    for (const effect of effects) this.#effects.push(effect);
    // What an effect causes is decided at once, and done after it.
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#isLaunching = event.is === "launch";
    // Observers are told when all is done.
    machine.enter();
    for (const effect of this.#effects) this.#perform(effect);
    this.#effects = [];
    this.#isBusy = this.#isLaunching = false;
    machine.exit();
  }

  /** A child has come into the list. */
  #listed(child: Child): void {
    const { runner } = refTo(child);
    if (this.tree.children.get(child.name) !== child) return;
    if (runner) this.runners.add(runner);
    this.changed(child);
  }

  /** A random number, where a child may have to wait for a random time. */
  #part(event: Event): number {
    if (!("child" in event) || event.is === "up") return 1;
    const { state, restart } = event.child;
    const isEnd = event.is === "ended" || event.is === "failed" ||
      event.is === "late" || event.is === "time" && state.is !== "wait";
    const mayWait = state.is === "start" || state.is === "up" ||
      state.is === "stop" && state.then.is === "queue";
    if (!isEnd || !mayWait || restart === "temporary" && state.is === "up") {
      return 1;
    }
    try {
      return this.#random();
    } catch (error) {
      this.#machine.record(error, "start");
      return 1;
    }
  }

  /** Keeps an error; it is printed once, by the runner that failed with it. */
  #record(
    { child, error, phase, why }: Omit<Effect & { do: "record" }, "do">,
  ): Error {
    const machine = this.#machine;
    const { runner } = refTo(child);
    const isTold = isPrinted(error, runner) ||
      phase === "stop" && runner !== undefined && printsLate(runner);
    const isToPrint = machine.settings.printErrors && !isTold;
    return machine.record(
      cannot(why, error.message, error),
      phase,
      isToPrint,
    );
  }

  /** All are down, but one took longer than its time: the run has failed. */
  #overrun({ child, error }: Overrun): void {
    const { run } = this.#machine.state;
    // Whoever waited for the run was told then.
    if (!run || run.isOverdue || this.force?.aborted) return;
    const why = `stop "${child.name}" of "${this.tree.rules.name}"`;
    const failure = this.#record({ child, error, phase: "stop", why });
    markLate(failure);
    run.failure ??= failure;
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "start":
        // A later start is in the context of the supervisor's, too.
        return within(
          this.#isLaunching ? undefined : this.#machine.state.run?.context,
          () => start(this, effect.child, effect.run),
        );
      case "stop":
        return stop(this, effect.child, effect.run, effect.ms);
      case "keep": {
        const { runner } = refTo(effect.child);
        if (runner) keep(runner, isKept(effect.child.state));
        return;
      }
      case "wake":
        return this.#alarms.set(effect.child, effect.at);
      case "tell": {
        const machine = this.#machine;
        const { event } = effect;
        const { runner } = machine;
        if (machine.isObserved) {
          machine.emit({ ...event, runner } as never as RunnerEvent);
        }
        return;
      }
      case "record":
        this.#record(effect);
        return;
      case "settle": {
        const caller = this.#callers.get(effect.call);
        this.#callers.delete(effect.call);
        return effect.error ? caller?.reject(effect.error) : caller?.resolve();
      }
      case "ready":
        return this.#control?.ready();
      case "gone": {
        const { runner } = refTo(effect.child);
        if (runner) this.runners.delete(runner);
        return this.changed(effect.child);
      }
      case "over":
        if (effect.late && !effect.failure) this.#overrun(effect.late);
        return this.#over(effect.failure);
      default:
        return effect satisfies never;
    }
  }
}
