/**
 * Performs what was decided, and says what has come of it. What is decided is in
 * `_decide.ts`; here is no choice.
 */

import { type Context, within } from "../_internal/context.ts";
import { keep } from "../_internal/kept.ts";
import type { Machine } from "../_internal/machine.ts";
import { nothing } from "../_internal/settings.ts";
import type { ChildEntry, RunnerEvent } from "../runner.ts";
import type { StartControl } from "../start_stop/mod.ts";
import { Alarms } from "./_alarms.ts";
import type { Child } from "./_child.ts";
import { decide } from "./_decide.ts";
import type { Effect } from "./_effect.ts";
import { isKept } from "./_facts.ts";
import { blame, explain, failureOf, overrun, record } from "./_failures.ts";
import { type Event, mayWait } from "./_input.ts";
import { cannot } from "./_messages.ts";
import {
  type End,
  isUnderWay,
  type Owner,
  refTo,
  start,
  stop,
} from "./_runs.ts";
import { now } from "./_time.ts";
import type { Failure, Tree } from "./_tree.ts";
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
  readonly #alarms = new Alarms<Child>(refTo, (child, at) => {
    this.feed({ is: "time", child }, at);
  });
  readonly #callers = new Map<number, Caller>();
  #machine!: Machine;
  #control: StartControl | undefined;
  #over: (failure: Failure | undefined) => void = nothing;
  #effects: Effect[] = [];
  #ends: End[] = [];
  #isBusy = false;
  #isLaunching = false;
  /** Whether the run had to do without a signal for its force, which was said. */
  #isRefused = false;
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

  soon(end: End): void {
    if (this.#ends.push(end) > 1) return;
    const context = this.#machine.state.run?.context;
    void this.#sayEnds(context);
  }

  /** Many may come at once; the last of them has its microtask, too. */
  async #sayEnds(context: Context | undefined): Promise<void> {
    await undefined;
    const ends = this.#ends;
    this.#ends = [];
    await undefined;
    within(context, () => {
      for (const each of ends) {
        // Of most it has been said already, by the run itself.
        if (isUnderWay(each.child, each.run)) this.feed(each);
      }
    });
  }

  get runner(): object {
    return this.#machine.runner;
  }

  get force(): AbortSignal | undefined {
    try {
      return this.#control?.force;
    } catch (error) {
      // Where a platform refuses it, the children are to end all the same.
      if (!this.#isRefused) this.#machine.record(error, "stop");
      this.#isRefused = true;
      return undefined;
    }
  }

  /** Takes over the machine of the supervisor, in which it is told what happens. */
  adopt(machine: Machine): void {
    const { cannot } = machine;
    const isStopping = () => machine.state.name === "stopping";
    this.#machine = machine;
    machine.cannot = (verb, why) =>
      cannot.call(machine, verb, why + blame(this.tree, isStopping()));
  }

  /** Does something after all that is being told is. */
  pass(work: () => void): void {
    this.#machine.pass(work);
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
    this.#isRefused = false;
    const failure = await new Promise<Failure | undefined>((resolve) => {
      this.#over = resolve;
      signal.addEventListener("abort", () => {
        explain(this.tree, this.#machine.state.run?.failure);
        const until = now() + (this.#budget ?? stopTimeout);
        this.feed({ is: "halt", until });
      });
      this.feed({ is: "launch" });
    });
    if (failure) throw failureOf(this.tree, failure);
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
    decide(tree, { event, at, part }, this.#effects);
    for (const child of back) this.#listed(child);
    if (event.is === "add") this.#listed(event.child);
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
    if (!mayWait(event)) return 1;
    try {
      return this.#random();
    } catch (error) {
      this.#machine.record(error, "start");
      return 1;
    }
  }

  #record(effect: Effect & { do: "record" }): void {
    const error = record(this.#machine, effect);
    const { run } = this.#machine.state;
    if (effect.isFailure && run) run.failure ??= error;
  }

  /** A later start is in the context of the supervisor's, too. */
  #start(child: Child, run: number): void {
    const context = this.#machine.state.run?.context;
    if (this.#isLaunching || !context) return start(this, child, run);
    within(context, () => start(this, child, run));
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "start":
        return this.#start(effect.child, effect.run);
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
        return this.#record(effect);
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
        if (effect.late && !effect.failure && !this.force?.aborted) {
          overrun(this.#machine, effect.late);
        }
        return this.#over(effect.failure);
      default:
        return effect satisfies never;
    }
  }
}
