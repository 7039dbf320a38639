/** Whether the store is the one it was. */

import { WRITTEN } from "./_keys.ts";
import type { Life } from "./_life.ts";
import type { Node } from "./_node.ts";
import { StoreError } from "./errors.ts";

/**
 * A store keeps a word of its own, made by whoever came first. One that has lost
 * its data has lost that word as well.
 */
export async function identify(member: Node, life: Life): Promise<void> {
  const key = `${WRITTEN}store`;
  const read = async () =>
    (await member.ask(
      life,
      "read",
      (session, signal) => session.read(key, signal),
    ))?.value;
  let found = await read();
  const { identity } = member;
  if (identity !== undefined && identity !== found) {
    const why = found === undefined ? "its data are gone" : "it has other data";
    member.reset(why);
    throw new StoreError("unknown", `Cannot join: ${why}`);
  }
  if (found === undefined) {
    const own = `${life.session.id} ${Math.random()}`;
    await member.ask(
      life,
      "write",
      (session, signal) => session.write(key, own, 0n, signal),
    );
    // Another may have been first.
    found = await read();
  }
  member.identity = found;
}
