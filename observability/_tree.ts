/** A runner and all that it runs, as a tree that follows what is added and removed. */

import { peek } from "../_internal/errors.ts";
import { says } from "../_internal/validate.ts";
import type { ErrorRecord, Runner, RunnerState } from "../runner.ts";
import type { Ticks } from "../ticker/spec.ts";
import { stepOf } from "./_names.ts";

/** What is asked of a runner, where it has it; any runner will do. */
export interface Watched extends Runner {
  readonly name?: string;
  readonly state?: RunnerState;
  readonly nextRun?: Date | undefined;
  readonly tickingSince?: number | undefined;
  readonly ticks?: Ticks;
  errorsLast?(): Error | undefined;
  errorsLog?(): ErrorRecord[];
  errorsTotal?(): number;
  finished?(): Promise<void>;
  observe?(observer: (event: Told) => void): () => void;
  runnerOf?(name: string): Watched | undefined;
  status?(): { readonly children?: unknown };
}

/** What is read of an event. */
export interface Told {
  readonly type: string;
  readonly child?: string;
  readonly change?: string;
  readonly children?: readonly string[];
}

/** What a supervisor says of a child. */
export interface ChildView {
  readonly name: string;
  readonly state: RunnerState | "waiting";
  readonly restart?: string;
  readonly restarts?: number;
  readonly error?: Error | undefined;
  readonly circuit?: string;
  readonly nextAttempt?: number | undefined;
}

/** The place of a runner in the tree. */
export interface Place {
  readonly path: string;
  readonly name: string;
  readonly parent: Place | undefined;
  /** The present runner; one that is made anew for each start may be absent. */
  runner: Watched | undefined;
  /** Those below, by their names; absent where the runner has none by nature. */
  below: Map<string, Place> | undefined;
  /** What its supervisor says of it, where it is asked. */
  view: ChildView | undefined;
  /** When `view` was read, by `performance.now()`. */
  viewedAt: number;
  /** Lets go of the runner. */
  leave: (() => void) | undefined;
  /** What the follower keeps of it. */
  held: unknown;
}

/** What wants to know of the runners of a tree. */
export interface Follower {
  /** A runner has come, or another one has taken its place. */
  joined?(place: Place): void;
  /** A runner has gone, or, where its place stays, is about to be replaced. */
  left?(place: Place, isGone: boolean): void;
  /** What a supervisor tells. */
  told?(place: Place, event: Told): void;
}

/** Throws where a value is no runner, by its shape. */
export function runnerLike(what: string, value: unknown): Watched {
  for (const key of ["start", "stop", "isRunning", "uptime"]) {
    if (typeof peek(value, key) !== "function") {
      throw new TypeError(says(what, "runner", "a runner", value));
    }
  }
  return value as Watched;
}

/** What kind of runner it is, by its shape: names of classes are minified. */
export function kindOf({ runner, below }: Place): string {
  if (below) {
    return typeof peek(runner, "status") === "function"
      ? "supervisor"
      : "parent";
  }
  if (!runner) return "none";
  if ("nextRun" in runner || "tick" in runner) return "ticker";
  if (loadOf(runner)) return "gate";
  return "use" in runner ? "resource" : "service";
}

/** What is read of a gate's load. */
export interface GateLoadView {
  readonly running: number;
  readonly waiting: number;
  readonly admitted: number;
  readonly abandoned: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly waits: {
    readonly count: number;
    readonly sum: number;
    readonly upTo: Readonly<Record<string, number>>;
  };
}

/** The load of a gate; `undefined` where the runner is none, or its load throws. */
export function loadOf(runner: unknown): GateLoadView | undefined {
  const load = peek(runner, "load");
  if (typeof load !== "function") return undefined;
  try {
    const found = load.call(runner) as GateLoadView | undefined;
    return typeof found?.admitted === "number" && found.waits?.upTo
      ? found
      : undefined;
  } catch {
    // It is somebody else's runner.
    return undefined;
  }
}

/** Follows a tree from `open` to `close`. */
export class Tree {
  readonly #follower: Follower;
  readonly #root: Place;
  #isOpen = false;
  // What a supervisor says of its children is asked again after it has told of any.
  #list: Place[] | undefined;
  // Made when they are needed: many trees are of one runner.
  #stale: Set<Place> | undefined;
  /** Those that tell of nothing, which are asked each time. */
  #mute: Set<Place> | undefined;

  constructor(root: Watched, follower: Follower = {}) {
    this.#follower = follower;
    this.#root = this.#place(peek(root, "name") ?? "runner", undefined);
    this.#root.runner = root;
  }

  get root(): Place {
    return this.#root;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    const { runner } = this.#root;
    this.#root.runner = undefined;
    this.#settle(this.#root, runner);
  }

  close(): void {
    const { runner } = this.#root;
    if (this.#isOpen) this.#settle(this.#root, undefined, true);
    this.#root.runner = runner;
    this.#isOpen = false;
  }

  /** All places, each before those below it. */
  places(): readonly Place[] {
    this.open();
    for (const place of this.#mute ?? []) this.#sync(place);
    for (const place of this.#stale ?? []) this.#ask(place);
    this.#stale = undefined;
    // Without room for more, as many trees are of one runner.
    return this.#list ??= this.#root.below
      ? [...below(this.#root)]
      : [this.#root];
  }

  #place(name: unknown, parent: Place | undefined): Place {
    const step = stepOf(name);
    return {
      path: parent ? `${parent.path}/${step}` : step,
      name: step,
      parent,
      runner: undefined,
      below: undefined,
      view: undefined,
      viewedAt: 0,
      leave: undefined,
      held: undefined,
    };
  }

  /** Puts a runner in a place, or takes it out, for good where the place goes. */
  #settle(place: Place, runner: Watched | undefined, isGone = false): void {
    if (place.runner === runner && !isGone) return;
    this.#list = undefined;
    for (const each of place.below?.values() ?? []) {
      this.#settle(each, undefined, isGone);
    }
    place.leave?.();
    place.leave = undefined;
    this.#mute?.delete(place);
    this.#stale?.delete(place);
    if (place.runner || isGone) this.#follower.left?.(place, isGone);
    place.runner = runner;
    if (isGone) place.below = undefined;
    if (!runner) return;
    this.#follower.joined?.(place);
    if (
      typeof peek(runner, "children") !== "function" || isBelowItself(place)
    ) {
      return;
    }
    place.below ??= new Map();
    try {
      place.leave = runner.observe?.((event) => this.#hear(place, event));
    } catch {
      // It does not take observers.
    }
    if (!place.leave) (this.#mute ??= new Set()).add(place);
    (this.#stale ??= new Set()).add(place);
    this.#sync(place);
  }

  #hear(place: Place, event: Told): void {
    if (event.type === "tick" || event.type === "error") return;
    (this.#stale ??= new Set()).add(place);
    const { runner } = place;
    // One of many children: the others are not looked at.
    if (event.child !== undefined && runner?.runnerOf) {
      if (event.change === "removed") this.#drop(place, event.child);
      else this.#put(place, event.child, runner.runnerOf(event.child));
    } else if (event.type !== "restart" && event.type !== "circuit") {
      this.#sync(place);
    }
    this.#follower.told?.(place, event);
  }

  #put(place: Place, name: string, runner: Watched | undefined): void {
    const map = place.below!;
    let child = map.get(name);
    if (!child) {
      map.set(name, child = this.#place(name, place));
      this.#list = undefined;
    }
    this.#settle(child, runner);
  }

  #drop({ below }: Place, name: string): void {
    const child = below?.get(name);
    if (!child) return;
    this.#settle(child, undefined, true);
    below!.delete(name);
    this.#list = undefined;
  }

  /** Compares the children with those known. */
  #sync(place: Place): void {
    const { runner, below } = place;
    const found = new Map<string, Watched | undefined>();
    try {
      for (const { name, runner: each } of runner?.children?.() ?? []) {
        found.set(name, each as Watched | undefined);
      }
    } catch {
      // Whoever cannot say has none.
    }
    for (const name of below!.keys()) {
      if (!found.has(name)) this.#drop(place, name);
    }
    for (const [name, each] of found) this.#put(place, name, each);
  }

  /** Asks a supervisor how its children are. */
  #ask({ runner, below }: Place): void {
    let views: unknown;
    try {
      views = runner?.status?.().children;
    } catch {
      // Nothing that is known.
    }
    const viewedAt = performance.now();
    for (const view of Array.isArray(views) ? views as ChildView[] : []) {
      const child = below?.get(view.name);
      if (child) Object.assign(child, { view, viewedAt });
    }
  }
}

/** Whether the runner is also above its own place: a circle. */
function isBelowItself({ runner, parent }: Place): boolean {
  for (let each = parent; each; each = each.parent) {
    if (each.runner === runner) return true;
  }
  return false;
}

function* below(place: Place): Generator<Place> {
  yield place;
  for (const each of place.below?.values() ?? []) yield* below(each);
}
