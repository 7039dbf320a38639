/**
 * A gate as plainly as can be said: each time anything happens, all that wait are
 * gone through in their order. It has no promises, and no regard for cost.
 */

export interface Wish {
  readonly id: number;
  readonly priority: number;
  /** How much it wants of each resource, by name; `places` is one of them. */
  readonly wants: Readonly<Record<string, number>>;
}

export interface Waits extends Wish {
  readonly since: number;
}

export class Reference {
  readonly waiting: Waits[] = [];
  readonly running = new Map<number, Wish>();
  /** All that were let in, in their order. */
  readonly begun: number[] = [];

  constructor(
    readonly limits: Readonly<Record<string, number>>,
    readonly aging: number,
  ) {}

  ask(wish: Wish, now: number, settles: boolean): void {
    this.waiting.push({ ...wish, since: now });
    if (settles) this.settle();
  }

  leave(id: number, settles: boolean): void {
    const index = this.waiting.findIndex((each) => each.id === id);
    if (index >= 0) this.waiting.splice(index, 1);
    this.running.delete(id);
    if (settles) this.settle();
  }

  used(name: string): number {
    let sum = 0;
    for (const { wants } of this.running.values()) sum += wants[name] ?? 0;
    return sum;
  }

  /** Those that wait, in their order; equal ones as they came. */
  order(): Waits[] {
    const key = ({ since, priority }: Waits) =>
      this.aging > 0 ? since - priority * this.aging : -priority;
    return [...this.waiting].sort((a, b) => key(a) - key(b));
  }

  fits({ wants }: Wish): boolean {
    return Object.entries(wants).every(([name, amount]) =>
      this.used(name) + amount <= this.limits[name]!
    );
  }

  /** Lets in what a gate has let in since, and checks that it might. */
  follow(begun: readonly number[]): void {
    for (const id of begun.slice(this.begun.length)) {
      const order = this.order();
      const index = order.findIndex((each) => each.id === id);
      const found = order[index];
      if (!found) throw new Error(`${id} did not wait`);
      if (!this.fits(found)) throw new Error(`${id} does not fit`);
      const wants = JSON.stringify(found.wants);
      const before = order.slice(0, index)
        .find((each) => JSON.stringify(each.wants) === wants);
      if (before) throw new Error(`${id} went before ${before.id}`);
      this.waiting.splice(this.waiting.indexOf(found), 1);
      this.running.set(id, found);
      this.begun.push(id);
    }
    const [first] = this.order();
    if (first && this.fits(first)) throw new Error(`${first.id} waits in vain`);
  }

  settle(): void {
    const order = this.order();
    const kept = new Set<string>();
    for (const each of order) {
      const short = Object.entries(each.wants).find(([name, amount]) =>
        kept.has(name) || this.used(name) + amount > this.limits[name]!
      );
      if (short) {
        kept.add(short[0]);
        continue;
      }
      this.waiting.splice(this.waiting.indexOf(each), 1);
      this.running.set(each.id, each);
      this.begun.push(each.id);
    }
  }
}
