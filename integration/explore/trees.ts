/** All trees of up to three children that are explored. */

import { childOf, type Spec } from "../../supervisor/_child.ts";
import type { Strategy } from "../../supervisor/options.ts";
import type { RestartType } from "../../supervisor/restart_type.ts";
import { type Rules, type Tree, treeOf } from "../../supervisor/_tree.ts";

/** What a tree is made of. */
export interface Plan {
  readonly strategy: Strategy;
  readonly order: Rules["order"];
  readonly then: Rules["then"];
  readonly autoShutdown: Rules["autoShutdown"];
  readonly restarts: number;
  /** Whether the children are killed where their time to end is over. */
  readonly isKilled?: boolean;
  readonly children: readonly {
    readonly restart: RestartType;
    /** Places of those before it that it depends on; none: it says nothing. */
    readonly dependsOn: readonly number[] | undefined;
    readonly firstStart: Spec["firstStart"];
  }[];
}

/** All times are a few units, so that few states differ by time alone. */
export const TIMES = {
  stopTimeout: 4,
  startTimeout: 3,
  delay: 1,
  coolDown: 2,
  resetAfter: 2,
  window: 6,
  killTimeout: 1,
  killMargin: 1,
};

const NAMES = ["a", "b", "c", "d"];

export function specOf(plan: Plan, index: number): Spec {
  const child = plan.children[index]!;
  return {
    name: NAMES[index]!,
    restart: child.restart,
    dependsOn: child.dependsOn?.map((each) => NAMES[each]!),
    startTimeout: index === 0 ? TIMES.startTimeout : undefined,
    // The last has less time than the others.
    stopTimeout: index === plan.children.length - 1 ? 2 : undefined,
    firstStart: child.firstStart,
    isSignificant: plan.autoShutdown !== "never" &&
      child.restart !== "permanent",
  };
}

/** The tree of a plan, which does not run. */
export function grow(plan: Plan): Tree {
  const { strategy, order, then, autoShutdown, restarts, isKilled } = plan;
  const rules: Rules = {
    name: "app",
    strategy,
    order,
    autoShutdown,
    stopTimeout: TIMES.stopTimeout,
    killMargin: TIMES.killMargin,
    initial: TIMES.delay,
    max: TIMES.delay,
    factor: 1,
    resetAfter: TIMES.resetAfter,
    restarts,
    window: TIMES.window,
    per: "child",
    then,
    coolDown: TIMES.coolDown,
  };
  const children = plan.children.map((_child, index) =>
    childOf(
      specOf(plan, index),
      index,
      true,
      undefined,
      undefined,
      undefined,
      isKilled ? TIMES.killTimeout : undefined,
    )
  );
  const tree = treeOf("explore", rules, children);
  tree.isObserved = true;
  return tree;
}

const RESTARTS = ["permanent", "transient", "temporary"] as const;
const STRATEGIES = ["one-for-one", "one-for-all", "rest-for-one"] as const;

/** Each way in which up to three children may depend on those before them. */
const SHAPES: readonly (readonly (readonly number[])[])[] = [
  [[]],
  [[], []],
  [[], [0]],
  [[], [], []],
  [[], [0], []],
  [[], [], [0]],
  [[], [], [1]],
  [[], [0], [0]],
  [[], [0], [1]],
  [[], [], [0, 1]],
  [[], [0], [0, 1]],
];

type Kind = readonly [RestartType, string];

/** A plan in a form in which those that differ by names alone are the same. */
function formOf(plan: Plan): string {
  const { children, ...rest } = plan;
  // Only the list says who is first where nothing else does.
  const kinds: Kind[] = children.map(({ restart, dependsOn }, index) => [
    restart,
    `${dependsOn?.join("") ?? "-"}${index === 0 ? "!" : ""}`,
  ]);
  return JSON.stringify([rest, kinds]);
}

function* restartsOf(count: number): Iterable<RestartType[]> {
  if (count === 0) return yield [];
  for (const before of restartsOf(count - 1)) {
    for (const restart of RESTARTS) yield [...before, restart];
  }
}

/** All plans, each once. */
export function* plans(): Iterable<Plan> {
  const seen = new Set<string>();
  for (const shape of SHAPES) {
    for (const types of restartsOf(shape.length)) {
      for (const plan of variants(shape, types)) {
        const form = formOf(plan);
        if (seen.has(form)) continue;
        seen.add(form);
        yield plan;
      }
    }
  }
}

/** What most trees have in common. */
export const common = {
  order: "dependencies",
  then: "fail",
  autoShutdown: "never",
  restarts: 1,
} as const;

function* variants(
  shape: readonly (readonly number[])[],
  types: readonly RestartType[],
): Iterable<Plan> {
  const children = (isSilent: boolean, firstStart: Spec["firstStart"]) =>
    types.map((restart, index) => ({
      restart,
      dependsOn: isSilent ? undefined : shape[index]!,
      firstStart,
    }));
  const isPlain = shape.every((each) => each.length === 0);
  for (const strategy of STRATEGIES) {
    yield { ...common, strategy, children: children(false, "fail") };
    if (shape.length < 3 || types.every((each) => each === "permanent")) {
      yield {
        ...common,
        strategy,
        isKilled: true,
        children: children(false, "fail"),
      };
    }
    if (!isPlain) continue;
    // Nobody says what it depends on: the list may, or the order.
    if (strategy === "rest-for-one") {
      yield { ...common, strategy, children: children(true, "fail") };
    }
    yield {
      ...common,
      strategy,
      order: "list",
      children: children(true, "fail"),
    };
    if (shape.length > 2) continue;
    yield { ...common, strategy, children: children(true, "retry") };
    yield {
      ...common,
      strategy,
      then: "break",
      children: children(true, "fail"),
    };
    for (const autoShutdown of ["any", "all"] as const) {
      yield {
        ...common,
        strategy,
        autoShutdown,
        children: children(true, "fail"),
      };
    }
  }
}
