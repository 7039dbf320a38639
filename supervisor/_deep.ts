/** Observers of a whole tree: told what each runner in it tells, and where. */

import { recoveryCaller } from "../_internal/recovery.ts";
import { nothing } from "../_internal/settings.ts";
import type { Child } from "./_child.ts";
import { refTo } from "./_runs.ts";
import type { Shell } from "./_shell.ts";
import type { DeepObserver, SupervisorEvent } from "./events.ts";

/** Tells an observer; one that throws or rejects harms nobody. */
function call(
  tell: DeepObserver,
  event: SupervisorEvent,
  path: readonly string[],
): void {
  const caught = (error: unknown) =>
    recoveryCaller(`observer of ${path.join("/")}`, error);
  try {
    const result = tell(event, path) as unknown;
    if (result instanceof Promise) result.catch(caught);
  } catch (error) {
    caught(error);
  }
}

interface Observer {
  readonly tell: DeepObserver;
  readonly ticks: boolean;
}

/** A runner that is watched, or a tree of them: then the path is below it. */
interface Watched {
  observe(
    observer: (event: SupervisorEvent, path?: readonly string[]) => void,
    options: { deep: true; ticks: boolean },
  ): () => void;
}

/**
 * The observers of a tree, in one list. The children's runners are watched while
 * there are any, and not at all otherwise.
 */
export class Deep {
  readonly #shell: Shell;
  readonly #observers = new Set<Observer>();
  /** The way to leave each runner that is watched. */
  readonly #leave = new Map<Child, () => void>();
  /** Whether ticks are asked for of those that are watched. */
  #hasTicks = false;

  constructor(shell: Shell) {
    this.#shell = shell;
    shell.changed = (child) => this.#changed(child);
  }

  /** Adds an observer; `leave` is its way to leave the supervisor itself. */
  join(tell: DeepObserver, ticks: boolean, leave: () => void): () => void {
    const observer = { tell, ticks };
    this.#observers.add(observer);
    this.#watch();
    return () => {
      leave();
      this.#observers.delete(observer);
      this.#watch();
    };
  }

  /** Watches as is asked for now. */
  #watch(): void {
    const hasTicks = [...this.#observers].some(({ ticks }) => ticks);
    const { children } = this.#shell.tree;
    const isSame = this.#hasTicks === hasTicks;
    this.#hasTicks = hasTicks;
    if (isSame && this.#observers.size > 0 && this.#leave.size > 0) return;
    for (const leave of this.#leave.values()) leave();
    this.#leave.clear();
    if (this.#observers.size === 0) return;
    for (const child of children.values()) this.#join(child);
  }

  /** A child has come, has gone, or has another runner. */
  #changed(child: Child): void {
    if (this.#observers.size === 0) return;
    this.#leave.get(child)?.();
    this.#leave.delete(child);
    const { children } = this.#shell.tree;
    if (children.get(child.name) === child) this.#join(child);
  }

  #join(child: Child): void {
    const { runner } = refTo(child);
    if (!runner) return;
    const own = Object.freeze([child.name]);
    const paths = new WeakMap<readonly string[], readonly string[]>();
    const pathTo = (below: readonly string[] | undefined) => {
      if (!below?.length) return own;
      const known = paths.get(below);
      const path = known ?? Object.freeze([child.name, ...below]);
      if (!known) paths.set(below, path);
      return path;
    };
    const options = { deep: true, ticks: this.#hasTicks } as const;
    const leave = (runner as unknown as Watched).observe?.(
      (event, below) =>
        this.#shell.pass(() => this.#tell(event, pathTo(below))),
      options,
    );
    this.#leave.set(child, leave ?? nothing);
  }

  #tell(event: SupervisorEvent, path: readonly string[]): void {
    for (const observer of [...this.#observers]) {
      if (!this.#observers.has(observer)) continue;
      if (event.type !== "tick" || observer.ticks) {
        call(observer.tell, event, path);
      }
    }
  }
}
