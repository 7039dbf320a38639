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

  ask(wish: Wish, now: number): void {
    this.waiting.push({ ...wish, since: now });
    this.settle();
  }

  leave(id: number): void {
    const index = this.waiting.findIndex((each) => each.id === id);
    if (index >= 0) this.waiting.splice(index, 1);
    this.running.delete(id);
    this.settle();
  }

  used(name: string): number {
    let sum = 0;
    for (const { wants } of this.running.values()) sum += wants[name] ?? 0;
    return sum;
  }

  settle(): void {
    const key = ({ since, priority }: Waits) =>
      this.aging > 0 ? since - priority * this.aging : -priority;
    // Equal ones stay in the order in which they came.
    const order = [...this.waiting].sort((a, b) => key(a) - key(b));
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
