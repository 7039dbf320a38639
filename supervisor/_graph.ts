/** Who depends on whom. */

import type { Node } from "./_child.ts";

function tie(node: Node, dep: Node): void {
  node.deps.add(dep);
  dep.dependents.add(node);
}

/** Ties a child to those that it depends on: `before`, where it names none. */
export function link(
  what: string,
  nodes: ReadonlyMap<string, Node>,
  node: Node,
  before: Node | undefined,
): void {
  const { name, dependsOn } = node.spec;
  for (const each of dependsOn ?? []) {
    if (nodes.has(each)) continue;
    throw new Error(
      `Cannot ${what}: "${name}" depends on "${each}", which is no child`,
    );
  }
  if (dependsOn === undefined && before !== undefined) tie(node, before);
  // The last is likely to be up last: it is the first to be looked at.
  for (const each of [...dependsOn ?? []].reverse()) {
    tie(node, nodes.get(each)!);
  }
}

/** Takes a child out; those that followed it follow what it depended on. */
export function unlink(node: Node): void {
  for (const dep of node.deps) dep.dependents.delete(node);
  for (const dependent of node.dependents) {
    dependent.deps.delete(node);
    for (const dep of node.deps) tie(dependent, dep);
  }
}

/** Throws where children wait for one another in a circle, which it names. */
export function checkCycles(what: string, nodes: Iterable<Node>): void {
  const left = new Map<Node, number>();
  for (const node of nodes) left.set(node, node.deps.size);
  const free = [...left.keys()].filter((node) => node.deps.size === 0);
  for (const node of free) {
    left.delete(node);
    for (const dependent of node.dependents) {
      const count = left.get(dependent)! - 1;
      left.set(dependent, count);
      if (count === 0) free.push(dependent);
    }
  }
  const path: string[] = [];
  let [node] = left.keys();
  while (node !== undefined) {
    const { name } = node.spec;
    const start = path.indexOf(name);
    if (path.push(`${name}`) && start >= 0) {
      throw new Error(
        `Cannot ${what}: children depend on one another: "${
          path.slice(start).join('" on "')
        }"`,
      );
    }
    node = [...node.deps].find((dep) => left.has(dep));
  }
}

/** A child and all that depend on it, directly or by way of others. */
export function reach(node: Node): Set<Node> {
  const found = new Set([node]);
  for (const each of found) {
    for (const dependent of each.dependents) found.add(dependent);
  }
  return found;
}
