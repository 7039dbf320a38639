/** What changes for the children of a supervisor, and who is told of it. */

import { keep } from "../_internal/kept.ts";
import type { Machine } from "../_internal/machine.ts";
import type { ErrorPhase } from "../runner.ts";
import { cannot, isActive, leads, type Node } from "./_child.ts";
import type { Settings } from "./_settings.ts";
import type { SupervisorChildEvent, SupervisorRestartEvent } from "./events.ts";

/** What it tells, without the supervisor. */
type Told =
  | Omit<SupervisorChildEvent, "runner">
  | Omit<SupervisorRestartEvent, "runner">;

/** Changes children, and tells of it by the machine of their supervisor. */
export class Changes {
  readonly settings: Settings;
  machine!: Machine;
  /** Ends the run, with what it fails with; there while children are run. */
  end: ((failure?: Error) => void) | undefined;
  /** Those that may have something to do. */
  marked: Node[] = [];
  /** Whether events wait until all is settled. */
  isHeld = false;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** A child in messages. */
  own(name: string): string {
    return `"${name}" of "${this.settings.name}"`;
  }

  /** Tells of nothing until all is settled. */
  hold(): Machine {
    const machine = this.machine;
    if (!this.isHeld) machine.enter();
    this.isHeld = true;
    return machine;
  }

  become(node: Node, state: Node["state"]): number {
    node.state = state;
    node.proof?.disarm();
    this.#mark(node);
    return ++node.turn;
  }

  aim(node: Node, goal: Node["goal"]): void {
    node.goal = goal;
    if (!isActive(node)) node.told = false;
    this.#mark(node);
  }

  /** A child has changed; what follows from it follows when all is settled. */
  #mark(node: Node): void {
    const { state, goal } = node;
    const waits = state === "stopped" && goal !== "rest";
    const shown = waits ? "waiting" : state === "late" ? "stopping" : state;
    this.marked.push(node);
    keep(node.runner, goal !== "rest");
    if (node.deps.length + node.dependents.length > 0) {
      const mark = (each: Node) => void this.marked.push(each);
      // Those beyond one that has ended for good may start.
      const isPassed = (each: Node) =>
        this.end && !waits && each.goal === "rest" && !isActive(each);
      leads(node, "deps", mark);
      leads(node, "dependents", mark, isPassed);
    }
    this.show(node, "child", shown);
  }

  /** Keeps what a child failed with, unless the run fails with it already. */
  keep(what: string, error: Error, phase: ErrorPhase): void {
    if (this.end) {
      this.hold().record(cannot(what, error.message, error), phase);
    }
  }

  /** Tells of a change, where it is one. */
  show<Type extends "child" | "circuit">(
    node: Node,
    type: Type,
    to: Node[Type],
  ): void {
    const from = node[type];
    if (from === to) return;
    node[type] = to;
    this.tell({ type, child: node.name, from, to } as SupervisorChildEvent);
  }

  /** Has those told who watch the supervisor. */
  tell(event: Told): void {
    const machine = this.hold();
    const { runner } = machine;
    if (machine.isObserved) machine.emit({ ...event, runner } as never);
  }
}
