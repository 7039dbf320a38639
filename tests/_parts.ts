/** Children for tests of supervisors: they do as they are told, and tell it. */

import { StartStop, untilAborted } from "@golib/runner";
import { Supervisor } from "@golib/runner/supervisor";
import type {
  Child,
  SupervisorEvent,
  SupervisorOptions,
} from "@golib/runner/supervisor";
import type { FakeTime } from "@std/testing/time";
import { type Gate, gate } from "./_helpers.ts";

/** A service that is ready at once, unless it is told otherwise. */
export class Part {
  readonly runner: StartStop;
  readonly name: string;
  /** What its next starts do. */
  onStart: "be ready" | "fail" | "hang" | "end" = "be ready";
  /** What its next stops do. */
  onStop: "end" | "hang" | "throw" = "end";
  starts = 0;
  /** Asked for while it hangs, lets it go. */
  release: Gate = gate();
  #life: Gate = gate();

  constructor(name: string, log: string[] = []) {
    this.name = name;
    this.runner = new StartStop(
      async (signal, control) => {
        this.starts++;
        const life = this.#life = gate();
        log.push(`${name} up`);
        if (this.onStart === "fail") throw new Error(`${name} is broken`);
        if (this.onStart === "hang") await untilAborted(signal);
        control.ready();
        if (this.onStart === "end") return;
        await Promise.race([untilAborted(signal), life.promise]);
        if (!signal.aborted) return;
        log.push(`${name} down`);
        if (this.onStop === "hang") await this.release.promise;
        if (this.onStop === "throw") throw new Error(`${name} fell over`);
      },
      undefined,
      {
        name,
        awaitReady: true,
        printErrors: false,
        stopTimeout: 1_000,
      },
    );
  }

  /** Has the run that is under way fail. */
  fail(message = "lost"): void {
    this.#life.fail(new Error(`${this.name} ${message}`));
  }

  /** Has the run that is under way end cleanly. */
  end(): void {
    this.#life.open();
  }
}

/** Parts with these names, which write down what happens to them. */
export function parts<Name extends string>(
  names: readonly Name[],
): { log: string[] } & Record<Name, Part> {
  const log: string[] = [];
  const entries = names.map((name) => [name, new Part(name, log)]);
  return Object.assign(Object.fromEntries(entries), { log });
}

/** A supervisor that is quiet, and waits exactly as long as its backoff may. */
export function supervise(
  children: Iterable<Child>,
  options: SupervisorOptions = {},
): Supervisor {
  return new Supervisor(children, {
    name: "app",
    printErrors: false,
    ...options,
    backoff: { random: () => 1, ...options.backoff },
  });
}

/** Lets everything run that waits for nothing but microtasks. */
export async function drain(turns = 200): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await undefined;
}

/** Lets fake time pass, timer by timer, and after each what follows from it. */
export async function pass(time: FakeTime, ms: number): Promise<void> {
  await drain();
  let over = false;
  setTimeout(() => over = true, ms);
  while (!over) {
    time.next();
    await drain();
  }
}

/** Events as short texts. */
export function short(event: SupervisorEvent): string {
  switch (event.type) {
    case "state":
      return event.to;
    case "child":
      return `${event.child} ${event.to}`;
    case "restart":
      return `restart ${event.children.join("+")} in ${event.delay}`;
    case "circuit":
      return `${event.child} ${event.to}`;
    case "error":
      return `error ${event.phase}`;
    default:
      return event.type;
  }
}

/** The states of all children, as `name state`. */
export function states(supervisor: Supervisor): string[] {
  return supervisor.status().children.map(({ name, state }) =>
    `${name} ${state}`
  );
}
