/** Which children are started again, and when. */

import type { Node, Plan } from "./_child.ts";
import { reach } from "./_graph.ts";
import { Intensity } from "./_intensity.ts";
import { after, now } from "./_time.ts";
import type { Tree } from "./_tree.ts";
import type { CircuitState } from "./events.ts";

/** The restarts of one supervisor. */
export class Restarts {
  readonly intensity: Intensity;
  readonly #tree: Tree;
  /** The plans whose wait is over, while children have still to end. */
  readonly #held = new Set<Plan>();

  constructor(tree: Tree) {
    this.#tree = tree;
    this.intensity = new Intensity(
      tree.settings.restarts,
      tree.settings.window,
    );
  }

  /** A child that is to run has ended, or has not started. */
  ended(
    node: Node,
    state: "stopped" | undefined,
    since: number,
    error: Error | undefined,
  ): void {
    const { settings } = this.#tree;
    const { name, restart } = node.spec;
    node.error = error ?? node.error;
    if (error !== undefined) {
      this.#tree.record(`keep "${name}" of "${settings.name}" running`, error);
    }
    const rests = restart === "temporary" || restart === "transient" && !error;
    this.#tree.set(node, state, rests ? "rest" : "pause");
    if (rests) return;
    if (now() - since >= settings.resetAfter) node.attempts = 0;
    if (node.circuit === "closed" && !this.intensity.full()) {
      const bound = settings.initial * settings.factor ** node.attempts++;
      // Anything but a number from 0 to 1 would make a storm or a standstill.
      const random = Math.min(Math.max(settings.random(), 0), 1);
      node.restart = this.intensity.plan();
      this.#plan(
        node,
        Math.floor(random * Math.min(bound, settings.max)) || 1,
        error,
      );
    } else if (settings.then === "break") {
      this.circuit(node, "open");
      this.#plan(node, settings.coolDown, error);
    } else {
      this.#tree.fail(
        `keep "${settings.name}" running: "${name}" ended after ` +
          `${settings.restarts} restarts within ${settings.window} ms`,
        error,
      );
    }
  }

  /** Restarts a child at once, whatever it waits for. */
  hurry(node: Node): void {
    const { plan } = node;
    if (plan !== undefined && plan.culprit !== node) return;
    node.attempts = 0;
    this.circuit(node, "closed");
    if (plan !== undefined) this.#over(plan);
    else if (node.shown !== "waiting") this.#plan(node);
  }

  /** Whether a child may start now; if not, it waits until it may. */
  admits(node: Node): boolean {
    const trial = node.circuit === "open";
    if (!trial && node.restart === undefined) return true;
    const wait = this.intensity.wait();
    if (wait > 0) {
      this.#tree.set(node, undefined, "pause");
      this.#wait(this.#newPlan(node, [node]), wait);
      return false;
    }
    (node.restart ?? this.intensity.plan()).at = now();
    node.restart = undefined;
    if (trial) this.circuit(node, "half-open");
    return true;
  }

  /** A child is up; one on trial has still to stay up. */
  arrived(node: Node): void {
    if (node.circuit === "closed") return;
    node.proof = after(this.#tree.settings.resetAfter, () => {
      node.attempts = 0;
      this.circuit(node, "closed");
    });
  }

  /** Takes a child out of the restart that it waits for. */
  leave(node: Node): void {
    const { plan, restart } = node;
    if (restart !== undefined) this.intensity.drop(restart);
    node.restart = node.plan = undefined;
    if (plan?.culprit === node) this.#over(plan);
  }

  circuit(node: Node, to: CircuitState): void {
    const { circuit: from, spec: { name: child } } = node;
    node.circuit = to;
    if (from !== to) this.#tree.feed.emit({ type: "circuit", child, from, to });
  }

  /** Has those run whose wait is over, where all of the group are down. */
  release(): void {
    if (this.#held.size === 0) return;
    for (const plan of [...this.#held]) {
      if (plan.waits.some((node) => node.active)) continue;
      this.#held.delete(plan);
      for (const node of plan.members) {
        if (node.plan !== plan) continue;
        node.plan = undefined;
        const returns = this.#returns(node, plan);
        this.#tree.set(node, undefined, returns ? "run" : "rest");
      }
    }
  }

  /** Without a delay it is for those who asked for a restart. */
  #plan(node: Node, delay?: number, error?: Error): void {
    const { settings: { strategy, stopTimeout }, nodes, feed } = this.#tree;
    const reached = reach(node);
    const group = strategy === "one-for-one"
      ? [node]
      : [...nodes.values()].filter((each) =>
        !each.leaver && (strategy === "one-for-all" || reached.has(each))
      );
    const plan = this.#newPlan(node, group);
    for (const each of group.reverse()) {
      const ended = each.shown === "stopped";
      if (ended && each.spec.restart === "temporary" && each !== node) continue;
      // One that another restart has taken down comes back with that.
      each.plan ??= plan;
      each.deadline = now() + stopTimeout;
      this.#tree.set(each, undefined, "pause");
    }
    plan.members = group.reverse().filter((each) => each.plan === plan);
    const children = plan.members.filter((each) => this.#returns(each, plan))
      .map(({ spec }) => spec.name);
    const { name: child } = node.spec;
    feed.emit({ type: "restart", child, children, delay: delay ?? 0, error });
    if (delay === undefined) this.#over(plan);
    else this.#wait(plan, delay);
  }

  #returns(node: Node, { culprit }: Plan): boolean {
    return node === culprit || node.spec.restart !== "temporary";
  }

  #newPlan(culprit: Node, group: readonly Node[]): Plan {
    const members = [culprit];
    const waits = group.filter((node) => node.active);
    return culprit.plan = {
      culprit,
      waits,
      members,
      due: 0,
      cancel: undefined,
    };
  }

  #wait(plan: Plan, ms: number): void {
    plan.due = now() + ms;
    plan.cancel = after(ms, () => {
      // With a trial that has to wait longer its group waits.
      const wait = plan.culprit.circuit === "open" ? this.intensity.wait() : 0;
      if (wait > 0) return this.#wait(plan, wait);
      this.#over(plan);
      this.#tree.settle();
    });
  }

  #over(plan: Plan): void {
    plan.cancel?.();
    plan.cancel = undefined;
    this.#held.add(plan);
  }
}
