/** Trees of runners to be looked at, without a supervisor's own rules. */

import { type Runner, StartStop, untilAborted } from "@golib/runner";

/** Has `performance.now()` go by the clock that `Date.now()` goes by. */
export class FakePerformance {
  readonly #offset = performance.now() - Date.now();
  readonly #own = Object.getOwnPropertyDescriptor(performance, "now");

  constructor() {
    Object.defineProperty(performance, "now", {
      configurable: true,
      value: () => Date.now() + this.#offset,
    });
  }

  [Symbol.dispose](): void {
    if (this.#own) Object.defineProperty(performance, "now", this.#own);
    else Reflect.deleteProperty(performance, "now");
  }
}

// Where an engine lacks the symbol, compilers look for this one.
if (!Symbol.dispose) {
  Object.defineProperty(
    FakePerformance.prototype,
    Symbol.for("Symbol.dispose"),
    { value: Reflect.get(FakePerformance.prototype, "undefined") },
  );
}

interface View {
  name: string;
  state: string;
  restart: string;
  restarts: number;
  error?: Error | undefined;
  circuit: string;
  nextAttempt?: number | undefined;
}

/** A runner with children that a test adds, removes and describes. */
export class FakeSupervisor extends StartStop {
  readonly #runners = new Map<string, Runner>();
  readonly #views = new Map<string, Partial<View>>();
  readonly #observers = new Set<(event: unknown) => void>();

  constructor(name: string, runners: Record<string, Runner>) {
    super((signal) => untilAborted(signal), undefined, { name });
    for (const [name, runner] of Object.entries(runners)) {
      this.#runners.set(name, runner);
    }
  }

  children(): { name: string; runner: Runner }[] {
    return [...this.#runners].map(([name, runner]) => ({ name, runner }));
  }

  status(): { children: View[] } {
    const children = [...this.#runners].map(([name, runner]) => ({
      name,
      state: (runner as { state?: string }).state ?? "stopped",
      restart: "permanent",
      restarts: 0,
      circuit: "closed",
      ...this.#views.get(name),
    }));
    return { children };
  }

  override observe(observer: (event: never) => void): () => void {
    const leave = super.observe(observer as never);
    this.#observers.add(observer as never);
    return () => {
      leave();
      this.#observers.delete(observer as never);
    };
  }

  /** Puts a runner in place of another, or takes it away. */
  set(name: string, runner: Runner | undefined): void {
    if (runner) this.#runners.set(name, runner);
    else this.#runners.delete(name);
    this.tell({ type: "children" });
  }

  /** Has `status` say something of a child. */
  view(name: string, view: Partial<View>): void {
    this.#views.set(name, view);
    this.tell({ type: "circuit", child: name });
  }

  tell(event: object): void {
    for (const each of this.#observers) each(event);
  }
}
