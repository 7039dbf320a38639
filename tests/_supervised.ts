/** A tree of supervisors that writes down whatever breaks a promise. */

import type {
  RestartType,
  Strategy,
  Supervisor,
  SupervisorEvent,
} from "@golib/runner/supervisor";
import type { FakeTime } from "@std/testing/time";
import { Part, supervise } from "./_parts.ts";

/** What a child is made of; one with children is a supervisor. */
export interface Plant {
  readonly restart: RestartType;
  /** Places of those before it in the list, of which it depends. */
  readonly dependsOn: readonly number[] | undefined;
  readonly startTimeout: number;
  readonly stopTimeout: number;
  readonly below: Grove | undefined;
}

/** What a supervisor is made of. */
export interface Grove {
  readonly strategy: Strategy;
  readonly then: "fail" | "break";
  readonly restarts: number;
  readonly jitter: readonly number[];
  readonly plants: readonly Plant[];
}

const window = 500;

/** The tree, all its supervisors and parts, and what is wrong with it. */
export class Forest {
  readonly root: Supervisor;
  readonly supervisors: Supervisor[] = [];
  readonly parts: Part[] = [];
  readonly wrong: string[] = [];
  readonly #time: FakeTime;
  /** Those whose stop waits, and until when. */
  readonly #ending = new Map<string, number>();

  constructor(time: FakeTime, grove: Grove) {
    this.#time = time;
    this.root = this.#grow("root", grove);
  }

  #grow(name: string, grove: Grove): Supervisor {
    const { jitter, strategy, then, restarts } = grove;
    let turn = 0;
    const names = grove.plants.map((_plant, index) => `${name}.${index}`);
    const children = grove.plants.map((plant, index) => {
      const own = names[index]!;
      const runner = plant.below
        ? this.#grow(own, plant.below)
        : this.#part(own).runner;
      const { restart, startTimeout, stopTimeout } = plant;
      const deps = plant.dependsOn?.filter((each) => each < index)
        .map((each) => names[each]!);
      this.#watchCalls(runner, own, () => supervisor, deps ?? []);
      return {
        runner,
        restart,
        startTimeout,
        stopTimeout,
        ...(deps && { dependsOn: deps }),
      };
    });
    const supervisor = supervise(children, {
      name,
      strategy,
      stopTimeout: 300,
      backoff: {
        initial: 10,
        max: 100,
        resetAfter: 200,
        random: () => jitter[turn++ % jitter.length]!,
      },
      intensity: { restarts, window, then, coolDown: 150 },
    });
    this.supervisors.push(supervisor);
    this.#watchRestarts(supervisor, restarts);
    return supervisor;
  }

  #part(name: string): Part {
    const part = new Part(name);
    this.parts.push(part);
    return part;
  }

  /** No two starts at once; dependencies first; dependents down first. */
  #watchCalls(
    runner: Part["runner"],
    name: string,
    above: () => Supervisor,
    deps: readonly string[],
  ): void {
    let starts = 0;
    const ending = this.#ending;
    const start = runner.start.bind(runner);
    const stop = runner.stop.bind(runner);
    const stateOf = (child: string) =>
      above().status().children.find((each) => each.name === child)?.state;
    runner.start = async (options) => {
      if (++starts > 1) this.wrong.push(`${name}: two starts at once`);
      for (const dep of deps) {
        const state = stateOf(dep);
        // A temporary one that has ended is listed no more.
        if (state && state !== "running" && state !== "stopped") {
          this.wrong.push(`${name} started while ${dep} was ${state}`);
        }
      }
      try {
        await start(options);
      } finally {
        starts--;
      }
    };
    dependents.set(runner, new Set());
    runner.stop = (options) => {
      if (above().state === "stopping") {
        for (const each of dependents.get(runner)!) {
          const due = ending.get(each) ?? 0;
          // It may have ended, and only its stop has still to say so.
          const isEnding = due > this.#time.now &&
            runners.get(each)!.state !== "stopped";
          const state = isEnding ? "ending" : stateOf(each);
          if (state && ["running", "starting", "ending"].includes(state)) {
            this.wrong.push(`${name} stopped while ${each} was ${state}`);
          }
        }
      }
      ending.set(name, this.#time.now + (options?.timeout ?? 0));
      const ended = () => void ending.delete(name);
      const call = stop(options);
      call.then(ended, ended);
      return call;
    };
    runners.set(name, runner);
    for (const dep of deps) dependents.get(runners.get(dep)!)!.add(name);
  }

  /** At most so many restarts of a child in any window of its time up. */
  #watchRestarts(supervisor: Supervisor, most: number): void {
    interface History {
      up: number;
      since: number;
      made: number[];
      isOpen: boolean;
    }
    let histories = new Map<string, History>();
    const historyOf = (name: string) => {
      const fresh = { up: 0, since: Infinity, made: [], isOpen: false };
      const found = histories.get(name) ?? fresh;
      histories.set(name, found);
      return found;
    };
    supervisor.observe((event: SupervisorEvent) => {
      const { now } = this.#time;
      if (event.type === "state" && event.to === "starting") {
        histories = new Map();
      } else if (event.type === "children") histories.delete(event.child);
      else if (event.type === "circuit") {
        const history = historyOf(event.child);
        history.isOpen = event.to === "open";
        // One that has proved itself begins anew.
        if (event.from === "half-open" && event.to === "closed") {
          history.made = [];
        }
      } else if (event.type === "child") {
        const history = historyOf(event.child);
        if (event.from === "running") history.up += now - history.since;
        if (event.to === "running") history.since = now;
      } else if (event.type === "restart" && event.delay > 0) {
        const history = historyOf(event.child);
        if (history.isOpen) return;
        const { up } = history;
        history.made = [...history.made.filter((at) => at > up - window), up];
        if (history.made.length > most) {
          this.wrong.push(
            `${supervisor.name}: ${history.made.length} restarts of ${event.child}`,
          );
        }
      }
    });
  }

  /** What is neither up nor down for good, or not down where it should be. */
  unsettled(stopped: boolean): string[] {
    const all = this.supervisors.flatMap((supervisor) =>
      stopped || supervisor.state === "running"
        ? supervisor.status().children
        : []
    );
    return all.filter(({ state }) =>
      state !== "stopped" && (stopped || state !== "running")
    ).map(({ name, state }) => `${name} ${state}`);
  }
}

const runners = new Map<string, Part["runner"]>();
const dependents = new WeakMap<object, Set<string>>();
