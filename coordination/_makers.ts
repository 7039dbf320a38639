/** Checks of what elected runners and shards are made of. */

import { says } from "../_internal/validate.ts";
import { Member } from "./member.ts";
import type { LeasedRunner, MakeLeased } from "./options.ts";

/** A function that makes a runner; one for a runner that is there already. */
export function checkedMaker(
  what: string,
  make: MakeLeased | LeasedRunner,
): MakeLeased {
  if (typeof make === "function") return make;
  if (typeof make?.finished === "function") return () => make;
  const need = "a function that makes a runner, or a runner";
  throw new TypeError(says(what, "make", need, make));
}

export function checkedMember(what: string, node: Member): Member {
  if (node instanceof Member) return node;
  throw new TypeError(says(what, "node", "a Member", node));
}

export function oneOf(
  what: string,
  name: string,
  value: string,
  all: readonly string[],
): void {
  if (all.includes(value)) return;
  throw new TypeError(says(what, name, `one of ${all.join(", ")}`, value));
}
