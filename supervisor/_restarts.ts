/** Which children are started again, and when. */

import type { Node, Plan } from "./_child.ts";
import type { Feed } from "./_feed.ts";
import { reach } from "./_graph.ts";
import { Intensity } from "./_intensity.ts";
import type { Settings } from "./_settings.ts";
import { after, now } from "./_time.ts";
import type { Tree } from "./_tree.ts";
import type { CircuitState } from "./events.ts";

function inOrder(all: Node[], found: Set<Node>): Node[] {
  return all.filter((node) => found.has(node));
}

/** The restarts of one supervisor. */
export class Restarts {
  readonly #settings: Settings;
  readonly #feed: Feed;
  readonly #tree: Tree;
  readonly #intensity: Intensity;
  /** The plans that wait for the end of children. */
  readonly #holding = new Set<Plan>();

  constructor(settings: Settings, feed: Feed, tree: Tree) {
    this.#settings = settings;
    this.#feed = feed;
    this.#tree = tree;
    this.#intensity = new Intensity(settings.restarts, settings.window);
  }

  clear(): void {
    this.#intensity.clear();
  }

  /** A child that is to run has ended, or has not started. */
  ended(node: Node, since: number, error: Error | undefined): void {
    const { name, restart } = node.spec;
    const own = this.#settings.name;
    if (error !== undefined) {
      this.#feed.record(
        new Error(
          `Cannot keep "${name}" of "${own}" running: ${error.message}`,
          { cause: error },
        ),
        "start",
      );
    }
    const again = restart === "permanent" ||
      restart === "transient" && error !== undefined;
    if (again) this.#again(node, since, error);
    else this.#tree.become(node, node.state, "rest");
  }

  /** Restarts a child at once, whatever it waits for. */
  hurry(node: Node): void {
    const { plan } = node;
    if (plan !== undefined && plan.culprit !== node) return;
    node.attempts = 0;
    this.circuit(node, "closed");
    if (plan !== undefined) return this.#over(plan);
    if (node.state.name !== "idle" || node.goal === "rest") {
      this.#plan(node, undefined, undefined);
    }
  }

  /** A child is down, or does not hold up others any more. */
  released(node: Node): void {
    for (const plan of this.#holding) {
      if (plan.waits.delete(node)) this.#resume(plan);
    }
  }

  /** Whether a child may start now; if not, it waits until it may. */
  admits(node: Node): boolean {
    const trial = node.circuit === "open";
    if (!trial && node.restart === undefined) return true;
    const wait = this.#intensity.wait(now());
    if (wait > 0) {
      const plan = this.#newPlan(node);
      plan.members.add(node);
      this.#wait(plan, wait);
      return false;
    }
    const restart = node.restart ?? this.#intensity.plan();
    node.restart = undefined;
    restart.at = now();
    if (trial) this.circuit(node, "half-open");
    return true;
  }

  /** A child is up; one on trial has still to stay up. */
  arrived(node: Node): void {
    if (node.circuit === "closed") return;
    node.proof = after(this.#settings.resetAfter, () => {
      node.attempts = 0;
      this.circuit(node, "closed");
    });
  }

  /** Takes a child out of the restart that it waits for. */
  leave(node: Node): void {
    const { plan } = node;
    this.#intensity.drop(node.restart);
    node.restart = node.plan = undefined;
    if (plan === undefined) return;
    plan.members.delete(node);
    plan.waits.delete(node);
    if (plan.culprit === node) this.#over(plan);
    else this.#resume(plan);
  }

  circuit(node: Node, to: CircuitState): void {
    const from = node.circuit;
    if (from === to) return;
    node.circuit = to;
    this.#feed.emit({ type: "circuit", child: node.spec.name, from, to });
  }

  #again(node: Node, since: number, error: Error | undefined): void {
    const { name, restarts, window, then, coolDown, ...backoff } =
      this.#settings;
    if (now() - since >= backoff.resetAfter) node.attempts = 0;
    if (node.circuit === "closed" && !this.#intensity.full(now())) {
      const bound = backoff.initial * backoff.factor ** node.attempts++;
      // Anything but a number from 0 to 1 would make a storm or a standstill.
      const random = Math.min(Math.max(backoff.random(), 0), 1) || 0;
      const delay = Math.floor(random * Math.min(bound, backoff.max)) || 1;
      node.restart = this.#intensity.plan();
      return this.#plan(node, delay, error);
    }
    if (then === "break") {
      this.circuit(node, "open");
      return this.#plan(node, coolDown, error);
    }
    this.#tree.become(node, node.state, "pause");
    this.#tree.fail(
      `Cannot keep "${name}" running: "${node.spec.name}" ended after ` +
        `${restarts} restarts within ${window} ms`,
      error,
    );
  }

  /** Without a delay it is for those who asked for a restart. */
  #plan(
    node: Node,
    delay: number | undefined,
    error: Error | undefined,
  ): void {
    const { strategy, stopTimeout } = this.#settings;
    const all = [...this.#tree.nodes.values()];
    const group = strategy === "one-for-one"
      ? [node]
      : strategy === "one-for-all"
      ? all
      : inOrder(all, reach(node));
    const plan = this.#newPlan(node);
    for (const each of group) {
      if (each.leaver !== undefined) continue;
      if (each.active) plan.waits.add(each);
      else if (
        each.goal === "rest" && each.spec.restart === "temporary" &&
        each !== node
      ) continue;
      // One that another restart has taken down comes back with that.
      if ((each.plan ??= plan) === plan) plan.members.add(each);
      each.deadline = now() + stopTimeout;
      this.#tree.become(each, each.state, "pause");
    }
    for (const each of group.reverse()) this.#tree.touch(each);
    if (plan.waits.size > 0) this.#holding.add(plan);
    const children = [...plan.members]
      .filter((each) => each === node || each.spec.restart !== "temporary")
      .map(({ spec }) => spec.name);
    this.#feed.emit({
      type: "restart",
      child: node.spec.name,
      children,
      delay: delay ?? 0,
      error,
    });
    if (delay === undefined) this.#resume(plan);
    else this.#wait(plan, delay);
  }

  #newPlan(culprit: Node): Plan {
    const plan: Plan = {
      culprit,
      members: new Set(),
      waits: new Set(),
      due: 0,
      cancel: undefined,
    };
    culprit.plan = plan;
    this.#tree.become(culprit, culprit.state, "pause");
    return plan;
  }

  #wait(plan: Plan, ms: number): void {
    plan.due = now() + ms;
    plan.cancel = after(ms, () => {
      // With a trial that has to wait longer its group waits.
      const wait = plan.culprit.circuit === "open"
        ? this.#intensity.wait(now())
        : 0;
      if (wait > 0) return this.#wait(plan, wait);
      this.#over(plan);
      this.#tree.settle();
    });
  }

  #over(plan: Plan): void {
    plan.cancel?.();
    plan.cancel = undefined;
    this.#resume(plan);
  }

  /** Has the children run, once the wait is over and all are down. */
  #resume(plan: Plan): void {
    if (plan.cancel !== undefined || plan.waits.size > 0) return;
    this.#holding.delete(plan);
    for (const node of plan.members) {
      const ends = node.spec.restart === "temporary" && node !== plan.culprit;
      node.plan = undefined;
      this.#tree.become(node, node.state, ends ? "rest" : "run");
      this.#tree.touch(node);
    }
    plan.members.clear();
  }
}
