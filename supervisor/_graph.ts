/** Which child depends on which, and what that means for starts and stops. */

import { type Child, NONE } from "./_child.ts";
import { hasRun, isGoing, isLeaving, isPast } from "./_facts.ts";
import { cannot } from "./_messages.ts";

/** What of a tree its links need. */
interface Linked {
  readonly children: ReadonlyMap<string, Child>;
  readonly isChained: boolean;
  readonly isListed: boolean;
}

/** Whether a child says by name that it depends on another. */
export function names(child: Child, dep: Child): boolean {
  return child.dependsOn?.includes(dep.name) ?? false;
}

/**
 * Ties a child to those that it depends on. One that says nothing follows the one
 * before it under `rest-for-one`, and each does so with `order: "list"`.
 */
export function link(
  what: string,
  { children, isChained, isListed }: Linked,
  child: Child,
  before: Child | undefined,
  mayLack = false,
): void {
  const { name, dependsOn } = child;
  const deps = (dependsOn ?? []).flatMap((each) => {
    const dep = children.get(each);
    // Those that come back still wait for one that is about to leave.
    if (!dep || isLeaving(dep) && !mayLack) {
      if (mayLack) return [];
      throw cannot(what, `"${name}" depends on "${each}", which is no child`);
    }
    if (isListed && dep.place >= child.place) {
      const why =
        `"${name}" depends on "${each}", which comes later in the list`;
      throw cannot(what, `${why} that 'order' is to follow`);
    }
    return dep;
  });
  const follows = isListed || isChained && dependsOn === undefined;
  if (follows && before && !deps.includes(before)) deps.push(before);
  if (deps.length === 0) return;
  // The last is likely to be up last: it is the first to be looked at.
  child.deps = deps.reverse();
  for (const dep of deps) {
    // The empty list is shared.
    if (dep.dependents.length === 0) dep.dependents = [child];
    else dep.dependents.push(child);
  }
}

/**
 * Ties all children anew; where they may lack what they name, as that was deleted,
 * they do without.
 */
export function linkAll(what: string, tree: Linked, mayLack = false): void {
  let before: Child | undefined;
  for (const child of tree.children.values()) {
    child.deps = child.dependents = NONE;
  }
  for (const child of tree.children.values()) {
    link(what, tree, child, before, mayLack);
    before = child;
  }
}

/** Those that followed a child follow what it depended on. */
export function unlink(child: Child): void {
  const { deps, dependents } = child;
  const others = (list: readonly Child[], more: readonly Child[]) => [
    ...list.filter((each) => each !== child && !more.includes(each)),
    ...more,
  ];
  for (const each of dependents) each.deps = others(each.deps, deps);
  for (const each of deps) {
    each.dependents = others(each.dependents, dependents);
  }
  child.deps = child.dependents = NONE;
}

/**
 * A child and all that depend on it, directly or by way of others; with `isNamed`
 * only those that say so by name.
 */
export function reach(child: Child, isNamed = false): Set<Child> {
  const found = new Set([child]);
  for (const each of found) {
    for (const dependent of each.dependents) {
      if (!isNamed || names(dependent, each)) found.add(dependent);
    }
  }
  return found;
}

/** Whether what a child depends on keeps it from starting. */
export function isBlocked(child: Child): boolean {
  if (child.deps.length === 0) return false;
  const seen = new Set([child]);
  for (const from of seen) {
    for (const dep of from.deps) {
      const { state } = dep;
      if (state.is === "up") continue;
      // One that has ended for good, or was stopped by hand, stands for what it
      // depends on; but a child that names one stopped by hand waits for it.
      const isPassed = state.is === "rest" &&
          !(state.why === "held" && names(from, dep)) ||
        state.is === "late" && state.then.is === "gone";
      if (!isPassed) return true;
      seen.add(dep);
    }
  }
  return false;
}

/**
 * Whether a child may be asked to end as far as those that depend on it go: `false`
 * while one of them has still to end. `cleared` says that they are all down.
 */
export function mayEnd(child: Child): false | "cleared" | "alone" {
  let found: "cleared" | "alone" = "cleared";
  if (child.dependents.length === 0) return found;
  const seen = new Set([child]);
  for (const from of seen) {
    for (const each of from.dependents) {
      const { state } = each;
      if (isGoing(state) && !isPast(state)) return false;
      if (hasRun(state) && !isPast(state)) found = "alone";
      else if (!("isCleared" in state && state.isCleared)) seen.add(each);
    }
  }
  return found;
}

/** Whether one that a child depends on waits for its end. */
export function isAwaited(child: Child): boolean {
  if (child.deps.length === 0) return false;
  const seen = new Set([child]);
  for (const from of seen) {
    for (const dep of from.deps) {
      if (isGoing(dep.state)) return true;
      if (!hasRun(dep.state)) seen.add(dep);
    }
  }
  return false;
}

/** The nearest that a child's end may let end. */
export function* below(child: Child): Iterable<Child> {
  const seen = new Set([child]);
  for (const from of seen) {
    for (const dep of from.deps) {
      if (dep.state.is === "last") yield dep;
      else if (!hasRun(dep.state) || isPast(dep.state)) seen.add(dep);
    }
  }
}

/** The nearest that a child's start, or its end for good, may let start. */
export function* above(child: Child): Iterable<Child> {
  const seen = new Set([child]);
  for (const from of seen) {
    for (const each of from.dependents) {
      if (each.state.is === "queue") yield each;
      else if (each.state.is === "rest" || isLeaving(each)) seen.add(each);
    }
  }
}

/** Throws where children wait for one another in a circle, which it names. */
export function checkCycles(what: string, children: Iterable<Child>): void {
  const all = [...children];
  // Those that could be up once all before them are.
  const free = new Set(all.filter(({ deps }) => deps.length === 0));
  const isBound = (child: Child) => !free.has(child);
  for (const { dependents } of free) {
    for (const each of dependents) {
      if (!each.deps.some(isBound)) free.add(each);
    }
  }
  const path: Child[] = [];
  let child = all.find(isBound);
  while (child !== undefined) {
    const start = path.indexOf(child);
    path.push(child);
    if (start >= 0) {
      const circle = path.slice(start).map(({ name }) => name).join('" on "');
      throw cannot(what, `children depend on one another: "${circle}"`);
    }
    child = child.deps.find(isBound);
  }
}
