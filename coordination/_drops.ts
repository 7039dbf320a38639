/** Keys that are being given up, many in one request. */

import type { HeldLease } from "./_lease.ts";
import type { Life } from "./_life.ts";
import type { Node } from "./_node.ts";
import { backoff, pause } from "./_wait.ts";

export class Drops {
  readonly #member: Node;
  readonly #waiting = new Map<Life, Map<HeldLease, () => void>>();

  constructor(member: Node) {
    this.#member = member;
  }

  /** Resolves once the key is free, or its session is over. */
  add(lease: HeldLease): Promise<void> {
    const { life } = lease;
    return new Promise((done) => {
      const leases = this.#waiting.get(life);
      if (leases) return void leases.set(lease, done);
      const first = new Map([[lease, done]]);
      this.#waiting.set(life, first);
      void this.#drop(life, first);
    });
  }

  async #drop(life: Life, leases: Map<HeldLease, () => void>): Promise<void> {
    const member = this.#member;
    let failures = 0;
    // Those that end in the same turn share a request.
    await undefined;
    while (leases.size > 0) {
      const some = [...leases.keys()].slice(0, member.store.traits.batch);
      let isDone = true;
      if (life.isGood) {
        const held = some.map(({ storeKey, fence }) => ({
          key: storeKey,
          fence,
        }));
        try {
          await member.ask(
            life,
            "release a key",
            (session, signal) => session.drop(held, signal),
          );
          failures = 0;
        } catch {
          // Told already. The key is ours until it is dropped or the session over.
          isDone = !life.isGood;
          const wait = backoff(failures++, member.settings.ttl / 3);
          await pause(wait, life.over.signal);
        }
      }
      if (!isDone) continue;
      for (const each of some) {
        leases.get(each)!();
        leases.delete(each);
      }
    }
    this.#waiting.delete(life);
  }
}
