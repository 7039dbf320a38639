/** Which children are restarted, when, and how often. */

import { Timer } from "../_internal/timer.ts";
import { cannot, isGoing, type Node } from "./_child.ts";
import { Changes } from "./_changes.ts";
import { reach } from "./_graph.ts";
import { now } from "./_time.ts";

/** Plans restarts, and has them made when their time has come. */
export abstract class Restarts extends Changes {
  readonly nodes = new Map<string, Node>();
  /** When restarts were made, within the last window. */
  made: number[] = [];
  /** Those that have a place among them which they have not taken yet. */
  readonly planned = new Set<Node>();
  /** Those whose wait is over, while children have still to end. */
  readonly held = new Set<Node>();

  /** Lets each child that is marked do what its goal asks for. */
  abstract settle(): void;

  /** Does something later, and all that follows from it. */
  after(ms: number, work: () => void): Timer {
    const timer = new Timer();
    timer.arm(ms, () => {
      work();
      this.settle();
    });
    return timer;
  }

  /** Plans the restart of a child that is down after it was to run. */
  retry(node: Node, error: Error | undefined): void {
    const {
      name,
      restarts,
      window,
      initial,
      factor,
      max,
      random,
      then,
      coolDown,
    } = this.settings;
    const wait = this.#room();
    const taken = this.made.length + this.planned.size;
    if (node.circuit === "closed" && taken < restarts) {
      const bound = Math.min(initial * factor ** node.attempts++, max);
      // Anything but a number from 0 to 1 would make a storm or a standstill.
      let part = 1;
      try {
        part = Math.min(Math.max(random(), 0), 1);
      } catch (error) {
        this.hold().record(error, "start");
      }
      // It may have called back.
      if (!this.end || node.goal !== "pause") return;
      this.planned.add(node);
      this.plan(node, Math.floor(part * bound) || 1, error);
    } else if (then === "break") {
      this.show(node, "circuit", "open");
      this.plan(node, Math.max(coolDown, wait), error);
    } else {
      const what = `keep "${name}" running`;
      const why = `"${node.name}" ended after ${restarts} restarts`;
      this.end!(cannot(what, `${why} within ${window} ms`, error));
    }
  }

  /** Takes down those that are restarted with a child. */
  plan(node: Node, delay: number, error?: Error): void {
    const { strategy, stopTimeout } = this.settings;
    const reached = reach(node);
    const group = node.group = strategy === "one-for-one"
      ? [node]
      : [...this.nodes.values()].filter((each) =>
        !each.leaving && (strategy === "one-for-all" || reached.has(each))
      );
    for (const each of [...group].reverse()) {
      // A temporary one comes back only where somebody waits for it to be up; one
      // that another restart has taken down comes back with that.
      const returns = each === node || each.restart !== "temporary" ||
        each.waiters.length > 0;
      if (returns) each.culprit ??= node;
      each.deadline = now() + stopTimeout;
      this.aim(each, each.culprit ? "pause" : "rest");
    }
    const children = group.filter((each) => each.culprit === node)
      .map((each) => each.name);
    this.tell({ type: "restart", child: node.name, children, delay, error });
    if (delay) this.#wait(node, delay);
    else this.over(node);
  }

  #wait(node: Node, ms: number): void {
    node.due = now() + ms;
    node.timer = this.after(ms, () => this.over(node));
  }

  over(node: Node): void {
    node.timer?.disarm();
    this.held.add(node);
  }

  /** Has those run that a restart took down, once all of them are down. */
  release(node: Node): void {
    if (node.group.some(isGoing)) return;
    this.held.delete(node);
    // With one that has to wait longer its group waits.
    const ms = node.culprit && this.#due(node);
    if (ms) return this.#wait(node, ms);
    for (const each of node.group) {
      if (each.culprit !== node) continue;
      each.culprit = undefined;
      this.aim(each, "run");
    }
  }

  /** Whether a child may start now; where not, it waits until it may. */
  admits(node: Node): boolean {
    const ms = this.#due(node);
    if (ms) {
      node.culprit = node;
      node.group = [node];
      this.aim(node, "pause");
      this.#wait(node, ms);
      return false;
    }
    const isTrial = node.circuit === "open";
    if (this.planned.delete(node) || isTrial) this.made.push(now());
    if (isTrial) this.show(node, "circuit", "half-open");
    return true;
  }

  /** Milliseconds until a child may take its place among the restarts. */
  #due(node: Node): number {
    const isBound = node.circuit === "open" || this.planned.has(node);
    return isBound ? this.#room() : 0;
  }

  /** Milliseconds until one more restart may be made, 0 if it may be now. */
  #room(): number {
    const { restarts, window } = this.settings;
    const made = this.made;
    const since = now() - window;
    while (made[0]! <= since) made.shift();
    // Where none is allowed there is still the one trial of a circuit.
    return made.length < Math.max(restarts, 1) ? 0 : made[0]! - since;
  }
}
