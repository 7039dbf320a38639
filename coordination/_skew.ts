/** How far the clock of this node is from that of the store. */

import type { Life } from "./_life.ts";
import type { Node } from "./_node.ts";

export class Skew {
  readonly #member: Node;
  /** What is added to `performance.now()` for the store's time. */
  #offset: number | undefined;

  constructor(member: Node) {
    this.#member = member;
  }

  /** The store's time in epoch milliseconds; this node's where it has none. */
  get storeTime(): number {
    return this.#offset === undefined
      ? Date.now()
      : this.#offset + performance.now();
  }

  /** By how much the wall clock is ahead, in milliseconds. */
  get ahead(): number {
    return Date.now() - this.storeTime;
  }

  async read(life: Life): Promise<void> {
    const sent = performance.now();
    const time = await this.#member.ask(
      life,
      "read the time",
      (session, signal) => session.time(signal),
    );
    // Half the way there and back.
    this.#offset = time === undefined
      ? undefined
      : time - (sent + performance.now()) / 2;
  }

  /** Whether the clock is good enough to claim by; told where it is not. */
  async isGood(life: Life): Promise<boolean> {
    const { maxSkew, name } = this.#member.settings;
    if (this.ahead <= maxSkew) return true;
    // The machine may have slept, which the offset does not know.
    await this.read(life);
    const skew = this.ahead;
    if (skew <= maxSkew) return true;
    const why = `the clock of "${name}" is ${
      Math.round(skew)
    } ms ahead of the store's`;
    const error = new Error(`Cannot claim a run: ${why}`);
    this.#member.report.record(error);
    this.tell(skew, error);
    return false;
  }

  tell(skew: number, error?: Error): void {
    this.#member.report.emit({
      type: "store",
      ...{ ok: true, error, since: Date.now(), skew },
    });
  }
}
