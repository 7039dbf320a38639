/** Who depends on whom. */

import type { Node } from "./_child.ts";

function tie(node: Node, dep: Node): void {
  if (node.deps.has(dep)) return;
  node.deps.add(dep);
  dep.dependents.add(node);
  if (!dep.ok) node.missing++;
  if (node.active) dep.holders++;
}

/** Ties a child to those that it depends on: `before`, where it names none. */
export function link(
  what: string,
  nodes: ReadonlyMap<string, Node>,
  node: Node,
  before: Node | undefined,
): void {
  const { name, dependsOn } = node.spec;
  const deps = dependsOn?.map((each) => {
    const dep = nodes.get(each);
    if (dep !== undefined) return dep;
    throw new Error(
      `Cannot ${what}: "${name}" depends on "${each}", which is no child`,
    );
  }) ?? (before === undefined ? [] : [before]);
  for (const dep of deps) tie(node, dep);
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
  const free: Node[] = [];
  for (const node of nodes) {
    left.set(node, node.deps.size);
    if (node.deps.size === 0) free.push(node);
  }
  for (const node of free) {
    left.delete(node);
    for (const dependent of node.dependents) {
      const count = left.get(dependent)! - 1;
      left.set(dependent, count);
      if (count === 0) free.push(dependent);
    }
  }
  let [node] = left.keys();
  if (node === undefined) return;
  const path = new Set<Node>();
  while (!path.has(node)) {
    path.add(node);
    node = [...node.deps].find((dep) => left.has(dep))!;
  }
  const circle = [...path];
  const names = [...circle.slice(circle.indexOf(node)), node]
    .map(({ spec }) => `"${spec.name}"`);
  throw new Error(
    `Cannot ${what}: children depend on one another: ${names.join(" on ")}`,
  );
}

/** A child and all that depend on it, directly or by way of others. */
export function reach(node: Node): Set<Node> {
  const found = new Set([node]);
  for (const each of found) {
    for (const dependent of each.dependents) found.add(dependent);
  }
  return found;
}
