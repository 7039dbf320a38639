/**
 * The children of a supervisor and the one place that changes their states.
 *
 * Each child has a state and a goal. What changes marks the neighbours that it
 * may concern; then each marked child does what its goal asks for as soon as the
 * others let it: a start waits for all that it depends on, a stop for all that
 * depend on it.
 */

import type { StartControl } from "../start_stop/mod.ts";
import { type Goal, type Node, pathsOf, type State } from "./_child.ts";
import type { Feed } from "./_feed.ts";
import { unlink } from "./_graph.ts";
import { Restarts } from "./_restarts.ts";
import type { Settings } from "./_settings.ts";
import { now } from "./_time.ts";

// While others wait for a child's end, it gets so much of what time is left.
const SHARE = 0.9;

/** The children of one supervisor. */
export class Tree {
  readonly nodes = new Map<string, Node>();
  /** No runner may be two children's. */
  readonly runners = new Set<object>();
  readonly settings: Settings;
  readonly feed: Feed;
  readonly restarts: Restarts;
  /** Ends the run, with what it fails with; there while children are run. */
  end: ((message?: string, cause?: Error) => void) | undefined;
  #force!: AbortSignal;
  /** When a stop that is under way has to be over, by `now()`. */
  #deadline = 0;
  #rested: (() => void) | undefined;
  readonly #dirty: Node[] = [];
  #settling = false;

  constructor(settings: Settings, feed: Feed) {
    this.settings = settings;
    this.feed = feed;
    this.restarts = new Restarts(this);
  }

  add(node: Node): void {
    this.nodes.set(node.spec.name, node);
    this.runners.add(node.spec.runner);
  }

  /** Gives a stop its time. */
  grant(ms: number = this.settings.stopTimeout): void {
    if (ms >= 0) this.#deadline = Math.max(this.#deadline, now() + ms);
  }

  record(what: string, cause: Error, phase: "start" | "stop" = "start"): void {
    const message = `Cannot ${what}: ${cause.message}`;
    this.feed.record(new Error(message, { cause }), phase);
  }

  /** Ends the run with what it fails with. */
  fail(message: string, cause: Error | undefined): void {
    this.end?.(`Cannot ${message}`, cause);
  }

  /** One run of the supervisor. */
  async run(signal: AbortSignal, control: StartControl): Promise<void> {
    this.#deadline = 0;
    // What is told of the children comes after what is told of the launch.
    await undefined;
    let failure: string | undefined;
    let cause: Error | undefined;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.end = (...reasons) => {
        [failure, cause] = reasons;
        this.end = undefined;
        resolve();
      };
      signal.addEventListener("abort", () => this.end?.());
      this.#force = control.force;
      this.#begin(control.ready);
    });
    const { nodes } = this;
    if (this.#deadline === 0) this.grant();
    this.rest([...nodes.values()], this.#deadline);
    await new Promise<void>((resolve) => {
      this.#rested = () => {
        for (const node of nodes.values()) {
          // A stop waits for every end, a failure no longer than its time.
          if (node.active || signal.aborted && node.state.name === "late") {
            return;
          }
        }
        resolve();
      };
      this.settle();
    });
    this.#rested = undefined;
    if (failure === undefined) return;
    const late = pathsOf(this.status(), "stopping");
    throw new Error(late ? `${failure}; not stopped: ${late}` : failure, {
      cause,
    });
  }

  #begin(ready: () => void): void {
    this.restarts.intensity.clear();
    let left = this.nodes.size;
    if (left === 0) ready();
    for (const node of this.nodes.values()) {
      node.starts = node.attempts = 0;
      node.error = undefined;
      node.circuit = "closed";
      node.waiter = (failure) => {
        const { name } = node.spec;
        if (failure === undefined || node.leaver) {
          if (--left === 0) ready();
        } else {
          this.fail(
            `start "${name}" of "${this.settings.name}": ${failure.message}`,
            failure,
          );
        }
      };
      this.set(node, undefined, "run");
    }
    this.settle();
  }

  status() {
    return [...this.nodes.values()].map((node) => node.status);
  }

  /** Takes children down for good. */
  rest(nodes: Node[], deadline: number): void {
    for (const node of nodes.reverse()) {
      this.restarts.leave(node);
      node.deadline = deadline;
      this.set(node, undefined, "rest");
    }
    for (const node of nodes) {
      node.tell(() =>
        new DOMException(
          `Cannot start "${node.spec.name}": a stop called it off`,
          "AbortError",
        )
      );
    }
    this.settle();
  }

  /** Changes a child; what follows from it follows in {@linkcode settle}. */
  set(node: Node, name?: State["name"], goal: Goal = node.goal): State {
    const from = node.shown;
    if (name !== undefined) {
      node.proof?.();
      node.state = { name, since: now() };
    }
    node.goal = goal;
    this.#dirty.push(node);
    for (const each of node.deps) this.#dirty.push(each);
    for (const each of node.dependents) this.#dirty.push(each);
    const { shown: to, spec: { name: child } } = node;
    if (from !== to) this.feed.emit({ type: "child", child, from, to });
    return node.state;
  }

  /** Lets each child that is marked do what its goal asks for. */
  settle(): void {
    if (this.#settling) return;
    this.#settling = true;
    do {
      for (const node of this.#dirty) this.#kick(node);
      this.#dirty.length = 0;
      this.restarts.release();
    } while (this.#dirty.length > 0);
    this.#settling = false;
    this.#rested?.();
  }

  #kick(node: Node): void {
    const { state: { name }, goal, leaver, spec } = node;
    if (node.active) {
      if (goal === "run" || name === "stopping") return;
      for (const each of node.dependents) if (each.active) return;
      void this.#stop(node);
    } else if (leaver !== undefined && name === "stopped") {
      if (!this.nodes.delete(spec.name)) return;
      this.runners.delete(spec.runner);
      unlink(node);
      leaver();
    } else if (goal === "run") {
      for (const each of node.deps) if (!each.ok) return;
      if (this.restarts.admits(node)) void this.#start(node);
    }
  }

  async #start(node: Node): Promise<void> {
    const state = this.set(node, "starting");
    node.starts++;
    const failure = await node.launch();
    if (node.state !== state) return;
    if (failure !== undefined) return this.#failed(node, failure);
    const up = this.set(node, "running");
    this.restarts.arrived(node);
    node.tell();
    this.settle();
    const error = await node.ended();
    if (node.state !== up) return;
    if (node.goal === "run") {
      this.restarts.ended(node, "stopped", up.since, error);
    } else this.set(node, "stopped");
    this.settle();
  }

  async #failed(node: Node, failure: Error): Promise<void> {
    const { state } = node;
    this.set(node, undefined, "pause");
    node.error = failure;
    node.deadline = now() + this.settings.stopTimeout;
    node.tell(() => failure);
    if (node.state === state) {
      // Out of time, it may still have to end.
      if (node.spec.runner.state !== "stopped") await this.#stop(node);
      else this.set(node, "stopped");
    }
    if (this.end && node.goal === "pause" && !node.plan) {
      this.restarts.ended(node, undefined, now(), failure);
    }
    this.settle();
  }

  async #stop(node: Node): Promise<void> {
    const { name, stopTimeout } = node.spec;
    let left = Math.max(0, node.deadline - now());
    for (const dep of node.deps) {
      if (dep.active && dep.goal !== "run") {
        left = Math.floor(left * SHARE);
        break;
      }
    }
    const state = this.set(node, "stopping");
    const error = await node.halt(Math.min(stopTimeout, left), this.#force);
    if (node.state !== state) return;
    const late = this.set(node, error ? "late" : "stopped");
    if (error !== undefined) {
      if (this.end) {
        this.record(`stop "${name}" of "${this.settings.name}"`, error, "stop");
      }
      node.leaver?.(error);
      void node.ended().then(() => {
        if (node.state === late) this.set(node, "stopped");
        this.settle();
      });
    }
    this.settle();
  }
}
