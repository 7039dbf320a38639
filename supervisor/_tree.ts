/**
 * The children of a supervisor and the one place that changes their states.
 *
 * Each child has a state and a goal. What changes marks the neighbours that it
 * may concern; then each marked child does what its goal asks for as soon as the
 * others let it: a start waits for all that it depends on, a stop for all that
 * depend on it.
 */

import { abortError } from "../_internal/errors.ts";
import type { Machine } from "../_internal/machine.ts";
import type { StartControl } from "../start_stop/mod.ts";
import {
  cannot,
  fresh,
  isActive,
  isAside,
  isGoing,
  isMissing,
  leads,
  type Node,
  nodeOf,
  pathsOf,
  statusOf,
  tell,
} from "./_child.ts";
import { checkCycles, link, unlink } from "./_graph.ts";
import { Restarts } from "./_restarts.ts";
import type { Settings } from "./_settings.ts";
import { failureOf, now, within } from "./_time.ts";
import type { Child } from "./options.ts";

// While others wait for a child's end, it gets so much of what time is left.
const SHARE = 0.9;

/** The children of one supervisor. */
export class Tree extends Restarts {
  /** No runner may be two children's. */
  readonly #runners = new Set<object>();
  #force!: AbortSignal;
  /** When a stop that is under way has to be over, by `now()`. */
  #deadline = 0;
  #rested: (() => void) | undefined;
  #isSettling = false;

  constructor(what: string, children: Iterable<Child>, settings: Settings) {
    super(settings);
    for (const child of children) this.#add(this.#make(what, child));
    const nodes = [...this.nodes.values()];
    for (const [index, node] of nodes.entries()) {
      link(what, this, node, nodes[index - 1]);
    }
    checkCycles(what, nodes);
  }

  /** Takes over the machine of the supervisor, in which it is told what happens. */
  adopt(machine: Machine): void {
    const { cannot } = machine;
    this.machine = machine;
    machine.cannot = (verb, why) =>
      cannot.call(machine, verb, why + this.#blame());
  }

  /** Those that hold up a start or a stop of the supervisor, as messages have it. */
  #blame(): string {
    const isStop = this.machine.state.name === "stopping";
    const names = pathsOf(this.status(), isStop ? "waiting" : "running");
    return names && `; not ${isStop ? "stopped" : "ready"}: ${names}`;
  }

  addChild(child: Child): Promise<void> {
    const what = `add a child to "${this.settings.name}"`;
    const node = this.#make(what, child);
    link(what, this, node, [...this.nodes.values()].at(-1));
    this.#add(node);
    if (!this.end) return Promise.resolve();
    this.aim(node, "run");
    // One that does not start goes at once, and takes nobody with it.
    node.waiters.push((failure) => {
      node.leaving = !!failure;
    });
    return this.#settled(node);
  }

  async removeChild(name: string): Promise<void> {
    const node = this.#find("remove", name);
    const other = node.dependents.find((each) =>
      each.dependsOn?.includes(name)
    );
    if (other) {
      const why = `"${other.name}" depends on it`;
      throw cannot(`remove ${this.own(name)}`, why);
    }
    await this.#drop(node);
  }

  async restartChild(name: string): Promise<void> {
    const node = this.#find("restart", name);
    const { culprit, leaving, child } = node;
    if (leaving || !this.end) {
      throw cannot(`restart ${this.own(name)}`, "it is not to run");
    }
    // Another's restart that has taken it down brings it back, too.
    if (!culprit || culprit === node) {
      node.attempts = 0;
      this.planned.delete(node);
      this.show(node, "circuit", "closed");
      if (culprit) this.over(node);
      else if (child !== "waiting") this.plan(node, 0);
    }
    await this.#settled(node);
  }

  status() {
    return Array.from(this.nodes.values(), statusOf);
  }

  /** Gives a stop its time. */
  grant(ms: number = this.settings.stopTimeout): void {
    if (ms >= 0 && !this.end) {
      this.#deadline = Math.max(this.#deadline, now() + ms);
    }
  }

  /** One run of the supervisor. */
  async run(signal: AbortSignal, control: StartControl): Promise<void> {
    this.#deadline = 0;
    this.#force = control.force;
    const failure = await new Promise<Error | undefined>((resolve) => {
      this.end = (reason) => {
        this.end = undefined;
        resolve(reason);
      };
      signal.addEventListener("abort", () => this.end?.());
      this.#begin(control.ready);
    });
    const nodes = [...this.nodes.values()];
    if (this.#deadline === 0) this.grant();
    for (const node of [...nodes].reverse()) this.#rest(node, this.#deadline);
    await new Promise<void>((resolve) => {
      this.#rested = () => {
        // A stop waits for every end, a failure no longer than its time.
        const isUp = (node: Node) =>
          isActive(node) || signal.aborted && node.state === "late";
        if (!nodes.some(isUp)) resolve();
      };
      this.settle();
    });
    this.#rested = undefined;
    if (!failure) return;
    const late = pathsOf(this.status(), "waiting");
    throw late
      ? new Error(`${failure.message}; not stopped: ${late}`, failure)
      : failure;
  }

  #begin(ready: () => void): void {
    this.made = [];
    // One that was to go, and did not end in time, still goes.
    const nodes = [...this.nodes.values()].filter(({ leaving }) => !leaving);
    let left = nodes.length;
    if (left === 0) ready();
    for (const node of nodes) {
      Object.assign(node, fresh);
      node.waiters.push((failure) => {
        if (failure && !node.leaving) {
          const what = `start ${this.own(node.name)}`;
          this.end?.(cannot(what, failure.message, failure));
        } else if (--left === 0) ready();
      });
      this.aim(node, "run");
    }
    this.settle();
  }

  /** Makes a child that is still to be listed. */
  #make(what: string, child: Child): Node {
    const node = nodeOf(what, child);
    const { name, runner } = node;
    if (!this.nodes.has(name) && !this.#runners.has(runner)) return node;
    throw cannot(what, `the name "${name}" or its runner is another child's`);
  }

  #add(node: Node): void {
    this.nodes.set(node.name, node);
    this.#runners.add(node.runner);
  }

  #find(verb: string, name: string): Node {
    const node = this.nodes.get(name);
    if (node) return node;
    throw cannot(`${verb} ${this.own(name)}`, "there is no such child");
  }

  /** Waits until a child is as it is to be. */
  #settled(node: Node): Promise<void> {
    return new Promise((resolve, reject) => {
      node.waiters.push((failure) => failure ? reject(failure) : resolve());
      this.settle();
    });
  }

  /** Takes a child out, and waits until it is down. */
  #drop(node: Node): Promise<void> {
    const isLate = node.state === "late";
    if (!node.leaving || isLate) {
      node.leaving = true;
      if (isLate) {
        this.become(node, "stopping");
        node.told = false;
      }
      this.#rest(node, now() + this.settings.stopTimeout);
    }
    return this.#settled(node);
  }

  /** Takes a child down for good. */
  #rest(node: Node, deadline: number): void {
    this.planned.delete(node);
    if (node.culprit === node) this.over(node);
    node.culprit = undefined;
    this.show(node, "circuit", "closed");
    // With less time it is told anew.
    if (deadline < node.deadline) node.told = false;
    node.deadline = deadline;
    // Those who wait for one that is to rest wait for its end.
    const isCalledOff = node.goal !== "rest" && node.waiters.length > 0;
    this.aim(node, "rest");
    if (isCalledOff) {
      const what = `Cannot start "${node.name}"`;
      tell(node, abortError(`${what}: a stop called it off`));
    }
  }

  /** Lets each child that is marked do what its goal asks for. */
  settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    this.hold();
    do {
      for (const node of this.marked) this.#kick(node);
      this.marked = [];
      for (const node of this.held) this.release(node);
    } while (this.marked.length > 0);
    this.#isSettling = this.isHeld = false;
    this.machine.exit();
    this.#rested?.();
  }

  #kick(node: Node): void {
    const { state, goal } = node;
    if (isGoing(node)) {
      if (!node.told && !leads(node, "dependents", isGoing, isAside)) {
        void this.#stop(node);
      }
    } else if (node.leaving && state === "stopped") {
      node.leaving = false;
      this.nodes.delete(node.name);
      this.#runners.delete(node.runner);
      unlink(node);
      tell(node);
    } else if (
      this.end && goal === "run" && !isActive(node) &&
      !leads(node, "deps", isMissing)
    ) {
      if (this.admits(node)) void this.#start(node);
    }
  }

  async #start(node: Node): Promise<void> {
    const { name, runner, restart, startTimeout: timeout } = node;
    const { resetAfter, stopTimeout } = this.settings;
    let turn = this.become(node, "starting");
    node.starts++;
    let error = await within(timeout, "was not ready", async () => {
      if (node.starting) throw new Error("an earlier start has not settled");
      node.starting = true;
      try {
        await runner.start({ timeout });
      } finally {
        node.starting = false;
      }
    });
    const isUp = error === undefined && node.turn === turn;
    let uptime = 0;
    if (isUp) {
      const since = now();
      turn = this.become(node, "running");
      if (node.circuit !== "closed") {
        node.proof = this.after(
          resetAfter,
          () => this.show(node, "circuit", "closed"),
        );
      }
      if (node.goal === "run") tell(node);
      this.settle();
      error = await failureOf(() => runner.finished());
      uptime = now() - since;
    }
    const isStale = node.turn !== turn;
    const isToRun = node.goal === "run" && !isStale;
    if (isToRun && !isUp) tell(node, error);
    // It may have failed just as another took it down; where it was started again
    // before it had ended, that is the end of the later run.
    const isOwn = isUp && node.turn < turn + 3;
    if (isOwn && uptime >= resetAfter) node.attempts = 0;
    if (error && (isOwn || isToRun)) {
      node.error = error;
      this.keep(`keep ${this.own(name)} running`, error, "start");
    }
    if (isStale) return this.settle();
    if (isToRun) {
      const returns = !node.leaving &&
        (restart === "permanent" || restart === "transient" && error);
      node.goal = returns ? "pause" : "rest";
      if (!returns) this.show(node, "circuit", "closed");
      node.deadline = now() + stopTimeout;
    }
    // Out of time, it may still have to end.
    if (runner.state === "stopped") this.become(node, "stopped");
    else await this.#stop(node);
    if (this.end && node.goal === "pause" && !node.culprit) {
      this.retry(node, error);
    }
    this.settle();
  }

  async #stop(node: Node): Promise<void> {
    const { name, runner, deadline, stopTimeout } = node;
    const left = Math.max(0, deadline - now());
    const share = Math.floor(
      leads(node, "deps", isGoing) ? left * SHARE : left,
    );
    const timeout = Math.min(stopTimeout, share);
    let turn = this.become(node, "stopping");
    node.told = true;
    this.settle();
    const error = await within(
      timeout,
      "did not end",
      () => runner.stop({ timeout, signal: this.#force }),
    );
    // It may have been told again, with less time.
    if (node.turn !== turn) return;
    const isLate = error && runner.state !== "stopped";
    turn = this.become(node, isLate ? "late" : "stopped");
    if (isLate) {
      this.keep(`stop ${this.own(name)}`, error, "stop");
      if (node.leaving) tell(node, error);
      void failureOf(() => runner.finished()).then(() => {
        if (node.turn === turn) this.become(node, "stopped");
        this.settle();
      });
    }
    this.settle();
  }
}
