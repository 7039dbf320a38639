/** Makes the children of a supervisor out of what it was given. */

import { type Child as Node, childOf } from "./_child.ts";
import { cannot } from "./_messages.ts";
import { graceOf, isAbove, killTimeoutOf, refOf } from "./_ref.ts";
import { type Given, givenOf } from "./_settings.ts";
import type { Shell } from "./_shell.ts";
import type { Child } from "./options.ts";

function nodeOf(
  { spec, runner, create }: Given,
  place: number,
  isOriginal: boolean,
): Node {
  const ref = refOf(runner, create);
  const grace = graceOf(runner);
  const killTimeout = killTimeoutOf(runner);
  return childOf(spec, place, isOriginal, ref, runner, grace, killTimeout);
}

/** The children of one supervisor, with the names and runners that are taken. */
export class Children {
  /** No runner may be two children's. */
  readonly runners = new Set<object>();
  readonly #name: string;
  #named = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Those of the constructor. */
  original(what: string, children: Iterable<Child>): Node[] {
    const names = new Set<string>();
    const all: Node[] = [];
    for (const child of children) {
      const given = givenOf(what, child);
      this.#check(what, given, (name) => names.has(name));
      names.add(given.spec.name);
      if (given.runner) this.runners.add(given.runner);
      all.push(nodeOf(given, all.length, true));
    }
    return all;
  }

  #check(what: string, given: Given, isTaken: (name: string) => boolean): void {
    const { spec: { name }, runner } = given;
    if (!isTaken(name) && !(runner && this.runners.has(runner))) return;
    throw cannot(what, `the name "${name}" or its runner is another child's`);
  }

  /** One more, for a supervisor that may run; resolves with its name. */
  async add(shell: Shell, child: Child): Promise<string> {
    const { tree } = shell;
    const what = `add a child to "${this.#name}"`;
    const isTaken = (name: string) => tree.children.has(name);
    const given = givenOf(what, child, () => this.#nextName(isTaken));
    this.#check(what, given, isTaken);
    if (isAbove(given.runner, shell.runner)) {
      const why = `it would run itself, below "${given.spec.name}"`;
      throw cannot(what, why);
    }
    const node = nodeOf(given, tree.places, false);
    await shell.call((call) => ({ is: "add", child: node, call }));
    return node.name;
  }

  #nextName(isTaken: (name: string) => boolean): string {
    let name: string;
    do name = `${this.#name}-${++this.#named}`; while (isTaken(name));
    return name;
  }
}
