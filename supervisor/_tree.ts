/** The children of one supervisor, what it goes by, and where it is. */

import { type Child, refresh, rest, type Restart } from "./_child.ts";
import { checkCycles, link, linkAll } from "./_graph.ts";
import type { Strategy } from "./options.ts";

/** What a supervisor goes by, as far as decisions need it. */
export interface Rules {
  readonly name: string;
  readonly strategy: Strategy;
  readonly order: "dependencies" | "list";
  readonly autoShutdown: "never" | "any" | "all";
  readonly stopTimeout: number;
  /** How long what is killed may take to be over, beyond its own time for it. */
  readonly killMargin: number;
  readonly initial: number;
  readonly max: number;
  readonly factor: number;
  readonly resetAfter: number;
  readonly restarts: number;
  readonly window: number;
  readonly per: "child" | "supervisor";
  readonly then: "fail" | "break";
  readonly coolDown: number;
}

/** It does not run. */
interface Down {
  readonly is: "down";
}

/** It runs; until `left` is empty it is not ready. */
interface Starts {
  readonly is: "starting";
  /** Those that have not been up yet, and have to be. */
  readonly left: Set<Child>;
  /** Whether a significant child has ended meanwhile. */
  hasEnded: boolean;
}

/** It is ready, and runs until it is stopped or fails. */
interface Runs {
  readonly is: "running";
}

/** All its children are to end. */
interface Ends {
  readonly is: "ending";
  readonly until: number;
  /** Those that still have a run. */
  readonly left: Set<Child>;
  /** What it fails with, where it was not stopped. */
  readonly failure: Failure | undefined;
  /** Whether it was asked to stop, so that each end is waited for. */
  isAsked: boolean;
  /** The first that did not end in its time. */
  late: Overrun | undefined;
}

/** A child that did not end in its time, and what its stop failed with. */
export interface Overrun {
  readonly child: Child;
  readonly error: Error;
}

/** What a supervisor fails with. */
export interface Failure {
  readonly error: Error;
  /** Whether the run of a child lives on, so that nothing can be started anew. */
  readonly isHung: boolean;
}

export type Phase = Down | Starts | Runs | Ends;

/** All that is decided on. */
export interface Tree {
  readonly rules: Rules;
  /** In the order of the list. */
  children: Map<string, Child>;
  /** Those of the constructor that were deleted, and come back. */
  deleted: Child[];
  /** The restarts of groups whose members are not all down, or that wait. */
  readonly groups: Set<Restart>;
  /** Those with restarts that may count. */
  readonly counting: Set<Child>;
  /** When the restarts of children that have gone count no more. */
  departed: number[];
  phase: Phase;
  /** The place of the next child. */
  places: number;
  /** How many runs of children there ever were: each has its number. */
  runs: number;
  /** Whether anybody wants to be told; where not, no event is made. */
  isObserved: boolean;
}

/** Whether a child that says nothing follows the one before it. */
export function links(tree: Tree) {
  return {
    children: tree.children,
    isChained: tree.rules.strategy === "rest-for-one",
    isListed: tree.rules.order === "list",
  };
}

/** Makes a tree that does not run. */
export function treeOf(
  what: string,
  rules: Rules,
  all: Iterable<Child>,
): Tree {
  const children = new Map<string, Child>();
  for (const each of all) children.set(each.name, each);
  const tree: Tree = {
    rules,
    children,
    deleted: [],
    groups: new Set(),
    counting: new Set(),
    departed: [],
    phase: { is: "down" },
    places: children.size,
    runs: 0,
    isObserved: false,
  };
  linkAll(what, links(tree));
  checkCycles(what, children.values());
  return tree;
}

/** Lists one more child, at the end. */
export function list(what: string, tree: Tree, child: Child): void {
  let before: Child | undefined;
  if (tree.rules.strategy === "rest-for-one" || tree.rules.order === "list") {
    for (const each of tree.children.values()) before = each;
  }
  link(what, links(tree), child, before);
  tree.children.set(child.name, child);
  // It takes the place of one that was deleted, if it is the same.
  const { name, key } = child;
  tree.deleted = tree.deleted.filter((each) =>
    each.name !== name && (key === undefined || each.key !== key)
  );
  tree.places = Math.max(tree.places, child.place + 1);
}

/** Lists those of the constructor again that were deleted, and forgets the past. */
export function renew(what: string, tree: Tree): readonly Child[] {
  const back = tree.deleted;
  if (back.length > 0) {
    const all = [...tree.children.values(), ...back];
    all.sort((a, b) => a.place - b.place);
    tree.children = new Map(all.map((each) => [each.name, each]));
    for (const each of back) each.state = rest("new");
    tree.deleted = [];
    linkAll(what, links(tree), true);
  }
  tree.departed = [];
  tree.groups.clear();
  tree.counting.clear();
  for (const child of tree.children.values()) refresh(child);
  return back;
}
