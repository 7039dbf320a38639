/**
 * The children of a supervisor and the one place that changes their states.
 *
 * Each child has a state and a goal. What changes marks the neighbours that it
 * may concern; then each marked child does what its goal asks for as soon as the
 * others let it: a start waits for all that it depends on, a stop for all that
 * depend on it.
 */

import type { StartControl } from "../start_stop/mod.ts";
import { type Goal, IDLE, type Node, type State } from "./_child.ts";
import type { Feed } from "./_feed.ts";
import { unlink } from "./_graph.ts";
import { Restarts } from "./_restarts.ts";
import type { Settings } from "./_settings.ts";
import { pathsOf, statusOf } from "./_status.ts";
import { now } from "./_time.ts";

interface Life {
  readonly control: StartControl;
  /** Ends the run with what it fails with. */
  fail(failure: Failure): void;
}

interface Failure {
  readonly message: string;
  readonly cause: Error | undefined;
}

// While others wait for a child's end, it gets so much of what time is left.
const SHARE = 0.9;

/** The children of one supervisor. */
export class Tree {
  readonly nodes = new Map<string, Node>();
  /** No runner may be two children's. */
  readonly runners = new Set<object>();
  readonly restarts: Restarts;
  readonly #settings: Settings;
  readonly #feed: Feed;
  #life: Life | undefined;
  #force: AbortSignal | undefined;
  /** When a stop that is under way has to be over, by `now()`. */
  #deadline = 0;
  /** How many children the start waits for. */
  #pending = 0;
  /** How many children are not down, those apart that are late. */
  #up = 0;
  #late = 0;
  #changed: (() => void) | undefined;
  readonly #dirty: Node[] = [];
  #settling = false;

  constructor(settings: Settings, feed: Feed) {
    this.#settings = settings;
    this.#feed = feed;
    this.restarts = new Restarts(settings, feed, this);
  }

  /** Whether children that are to run are run. */
  get alive(): boolean {
    return this.#life !== undefined;
  }

  /** Gives a stop its time. */
  grant(ms: number = this.#settings.stopTimeout): void {
    if (ms >= 0) this.#deadline = Math.max(this.#deadline, now() + ms);
  }

  fail(message: string, cause: Error | undefined): void {
    this.#life?.fail({ message, cause });
  }

  /** One run of the supervisor. */
  async run(signal: AbortSignal, control: StartControl): Promise<void> {
    this.#deadline = 0;
    // What is told of the children comes after what is told of the launch.
    await undefined;
    if (signal.aborted) return;
    const failure = await new Promise<Failure | undefined>((resolve) => {
      signal.addEventListener("abort", () => resolve(undefined));
      this.#life = { control, fail: resolve };
      this.#force = control.force;
      this.#begin(control);
    });
    this.#life = undefined;
    if (this.#deadline === 0) this.grant();
    this.rest([...this.nodes.values()], this.#deadline);
    await this.#rested(signal);
    if (failure === undefined) return;
    const late = pathsOf([...this.nodes.values()].map(statusOf), "stopping");
    const left = late.length > 0 ? `; not stopped: ${late.join(", ")}` : "";
    throw new Error(failure.message + left, { cause: failure.cause });
  }

  #rested(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = () => {
        // A stop waits for every end, a failure no longer than its time.
        if (this.#up + (signal.aborted ? this.#late : 0) > 0) return;
        this.#changed = undefined;
        resolve();
      };
      this.#changed();
    });
  }

  #begin(control: StartControl): void {
    this.restarts.clear();
    this.#pending = this.nodes.size;
    for (const node of this.nodes.values()) {
      node.starts = node.attempts = 0;
      node.error = undefined;
      node.circuit = "closed";
      node.fresh = true;
      this.wake(node);
    }
    this.settle();
    if (this.#pending === 0) control.ready();
  }

  add(node: Node): void {
    this.nodes.set(node.spec.name, node);
    this.runners.add(node.spec.runner);
  }

  /** Takes out one that is down. */
  remove(node: Node): void {
    this.nodes.delete(node.spec.name);
    this.runners.delete(node.spec.runner);
    unlink(node);
  }

  /** Has a child run, as soon as those that it depends on are up. */
  wake(node: Node): void {
    this.become(node, node.state, "run");
    this.touch(node);
  }

  /** Takes children down for good. */
  rest(nodes: Node[], deadline: number): void {
    for (const node of nodes) {
      this.restarts.leave(node);
      node.deadline = deadline;
      this.become(node, node.state, "rest");
    }
    for (const node of nodes.reverse()) {
      this.touch(node);
      this.#refuse(
        node,
        new DOMException(
          `Cannot start "${node.spec.name}": a stop called it off`,
          "AbortError",
        ),
      );
    }
    this.settle();
  }

  #refuse(node: Node, reason: unknown): void {
    const { waiter } = node;
    node.waiter = undefined;
    waiter?.reject(reason);
  }

  /** The start of the supervisor waits for this child no more. */
  arrived(node: Node): void {
    if (!node.fresh) return;
    node.fresh = false;
    if (--this.#pending === 0) this.#life?.control.ready();
  }

  /** Changes a child; what follows from it follows in {@linkcode settle}. */
  become(node: Node, state: State, goal: Goal = node.goal): State {
    const { ok, active, status } = node;
    this.#busy(node.state, -1);
    this.#busy(state, 1);
    node.state = state;
    node.goal = goal;
    if (state.name !== "up") {
      node.proof?.();
      node.proof = undefined;
    }
    if (node.ok !== ok) {
      for (const dependent of node.dependents) {
        dependent.missing += ok ? 1 : -1;
        this.touch(dependent);
      }
    }
    if (node.active !== active) {
      for (const dep of node.deps) {
        dep.holders += active ? -1 : 1;
        this.touch(dep);
      }
    }
    if (node.status !== status) {
      const child = node.spec.name;
      this.#feed.emit({ type: "child", child, from: status, to: node.status });
    }
    if (node.leaver !== undefined) this.touch(node);
    if (active && !node.active) this.restarts.released(node);
    return state;
  }

  #busy({ name }: State, by: 1 | -1): void {
    if (name === "late") this.#late += by;
    else if (name !== "idle") this.#up += by;
  }

  touch(node: Node): void {
    this.#dirty.push(node);
  }

  /** Lets each child that is marked do what its goal asks for. */
  settle(): void {
    if (this.#settling) return;
    this.#settling = true;
    for (const node of this.#dirty) this.#kick(node);
    this.#dirty.length = 0;
    this.#settling = false;
    this.#changed?.();
  }

  #kick(node: Node): void {
    const { state: { name }, goal, leaver } = node;
    if (name === "idle" && leaver !== undefined) {
      this.remove(node);
      leaver.resolve();
    } else if (!node.active) {
      const free = goal === "run" && node.missing === 0;
      if (free && this.restarts.admits(node)) this.#start(node);
    } else if (name !== "stopping" && goal !== "run" && node.holders === 0) {
      this.#stop(node);
    }
  }

  async #start(node: Node): Promise<void> {
    const state = this.become(node, { name: "starting" });
    node.starts++;
    const error = await node.launch();
    if (node.state !== state) return;
    if (error !== undefined) return this.#failed(node, error);
    const up = { name: "up", since: now() } as const;
    this.become(node, up);
    this.restarts.arrived(node);
    this.arrived(node);
    node.waiter?.resolve();
    node.waiter = undefined;
    this.settle();
    const failure = await node.ended();
    if (node.state !== up) return;
    this.become(node, IDLE);
    node.error = failure ?? node.error;
    if (node.goal === "run") this.restarts.ended(node, up.since, failure);
    this.settle();
  }

  async #failed(node: Node, error: Error): Promise<void> {
    const { name, runner } = node.spec;
    const { state } = node;
    node.error = error;
    this.become(node, state, "pause");
    if (node.fresh) {
      this.fail(
        `Cannot start "${this.#settings.name}": "${name}" did not start: ` +
          error.message,
        error,
      );
    }
    this.#refuse(node, error);
    // Out of time, it may still have to end.
    if (node.state === state) {
      if (runner.state === "stopped") this.become(node, IDLE);
      else {
        node.deadline = now() + this.#settings.stopTimeout;
        await this.#stop(node);
      }
    }
    const free = node.goal === "pause" && node.plan === undefined;
    if (free && !node.fresh) this.restarts.ended(node, now(), error);
    this.settle();
  }

  async #stop(node: Node): Promise<void> {
    const { name, stopTimeout } = node.spec;
    const left = Math.max(0, node.deadline - now());
    let shared = false;
    for (const dep of node.deps) shared ||= dep.goal !== "run" && dep.active;
    const state = this.become(node, { name: "stopping" });
    const error = await node.halt(
      Math.min(stopTimeout, shared ? Math.floor(left * SHARE) : left),
      this.#force,
    );
    if (node.state !== state) return;
    if (error === undefined) {
      this.become(node, IDLE);
      return this.settle();
    }
    const late = this.become(node, { name: "late" });
    if (this.alive) {
      this.#feed.record(
        new Error(
          `Cannot stop "${name}" of "${this.#settings.name}": ${error.message}`,
          { cause: error },
        ),
        "stop",
      );
    }
    node.leaver?.reject(error);
    this.settle();
    this.#awaitEnd(node, late);
  }

  async #awaitEnd(node: Node, late: State): Promise<void> {
    await node.ended();
    if (node.state !== late) return;
    this.become(node, IDLE);
    this.settle();
  }
}
