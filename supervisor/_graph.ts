/** Which child depends on which. */

import { cannot, type Node } from "./_child.ts";
import type { Restarts } from "./_restarts.ts";

/** Ties a child to those of the others that it depends on. */
export function link(
  what: string,
  { nodes, settings }: Restarts,
  node: Node,
  before: Node | undefined,
): void {
  const isChained = before && settings.strategy === "rest-for-one";
  const { name, dependsOn = isChained ? [before.name] : [] } = node;
  // The last is likely to be up last: it is the first to be looked at.
  node.deps = dependsOn.map((each) => {
    const dep = nodes.get(each);
    if (dep && !(dep.leaving && node.dependsOn)) return dep;
    throw cannot(what, `"${name}" depends on "${each}", which is no child`);
  }).reverse();
  for (const { dependents } of node.deps) dependents.push(node);
}

/** Those that followed it follow what it depended on. */
export function unlink(node: Node): void {
  const { deps, dependents } = node;
  for (const each of dependents) {
    each.deps = each.deps.filter((dep) => dep !== node).concat(deps);
  }
  for (const each of deps) {
    each.dependents = each.dependents.filter((dep) => dep !== node).concat(
      dependents,
    );
  }
}

/** It and all that depend on it, directly or by way of others. */
export function reach(node: Node): Set<Node> {
  const found = new Set([node]);
  for (const { dependents } of found) {
    for (const each of dependents) found.add(each);
  }
  return found;
}

/** Throws where children wait for one another in a circle, which it names. */
export function checkCycles(what: string, nodes: readonly Node[]): void {
  // Those that could be up once all before them are.
  const free = new Set(nodes.filter(({ deps }) => deps.length === 0));
  const isBound = (node: Node) => !free.has(node);
  for (const { dependents } of free) {
    for (const each of dependents) {
      if (!each.deps.some(isBound)) free.add(each);
    }
  }
  const path: Node[] = [];
  let node = nodes.find(isBound);
  while (node !== undefined) {
    const start = path.indexOf(node);
    path.push(node);
    if (start >= 0) {
      const names = path.slice(start).map(({ name }) => name).join('" on "');
      throw cannot(what, `children depend on one another: "${names}"`);
    }
    node = node.deps.find(isBound);
  }
}
