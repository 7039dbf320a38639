/** How children are, for users and for messages. */

import type { Node } from "./_child.ts";
import { now } from "./_time.ts";
import type { ChildStatus, SupervisorStatus } from "./events.ts";

/** How one child is, and its own children, where it has any. */
export function statusOf(node: Node): ChildStatus {
  const { spec, plan, starts } = node;
  const { runner, name, restart } = spec;
  const { status } = runner as { status?: () => SupervisorStatus };
  return {
    name,
    state: node.status,
    restart,
    uptime: node.status === "running" ? runner.uptime() : 0,
    restarts: Math.max(0, starts - 1),
    error: node.error,
    nextAttempt: plan?.cancel && Math.max(0, plan.due - now()),
    circuit: node.circuit,
    children: typeof status === "function"
      ? status.call(runner).children
      : undefined,
  };
}

/** Those in one of these states, each with the supervisors it is under. */
export function pathsOf(
  children: readonly ChildStatus[] | undefined,
  ...states: string[]
): string[] {
  return (children ?? []).filter(({ state }) => states.includes(state))
    .flatMap(({ name, children }) => {
      const inner = pathsOf(children, ...states);
      const own = `"${name}"`;
      return inner.length > 0 ? inner.map((each) => `${own} > ${each}`) : [own];
    });
}
