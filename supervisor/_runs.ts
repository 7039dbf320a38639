/** Starts and stops the runners of children, and says what has come of it. */

import { toError } from "../_internal/errors.ts";
import { keep } from "../_internal/kept.ts";
import { awaitRest } from "../_internal/lifecycle.ts";
import { nothing } from "../_internal/settings.ts";
import type { RunnerEvent } from "../runner.ts";
import type { Child } from "./_child.ts";
import { isKept } from "./_facts.ts";
import type { Event } from "./_input.ts";
import { markOf } from "./_marks.ts";
import {
  graceOf,
  hasTicks,
  isAbove,
  isRunner,
  killTimeoutOf,
  type Ref,
} from "./_ref.ts";
import { now } from "./_time.ts";
import type { SupervisedRunner } from "./options.ts";

/** What is known of one child's runner. */
export function refTo(child: Child): Ref {
  return child.ref as Ref;
}

/** That a run is over. */
export type End = Extract<Event, { is: "ended" }>;

/** What the runs of children need of their supervisor. */
export interface Owner {
  /** Says what has happened. */
  feed(event: Event): void;
  /** Says a microtask later, in the context of its run, that a child's is over. */
  soon(end: End): void;
  /** Cuts the stops short. */
  readonly force: AbortSignal | undefined;
  /** The runners of all children: none may be two children's. */
  readonly runners: Set<object>;
  /** The supervisor itself. */
  readonly runner: object;
  /** A child has another runner. */
  changed(child: Child): void;
}

/** Calls a function and says how it went, also where it throws. */
function settle(
  work: () => unknown,
  done: () => void,
  failed: (error: unknown) => void,
): void {
  try {
    Promise.resolve(work()).then(done, failed);
  } catch (error) {
    failed(error);
  }
}

/** Whether a run is the one that a child has. */
export function isUnderWay({ state }: Child, run: number): boolean {
  return "run" in state && state.run === run;
}

/** Starts a run, unless that was called off meanwhile. */
export function start(owner: Owner, child: Child, run: number): void {
  const ref = refTo(child);
  if (child.state.is !== "start" || child.state.run !== run) {
    return owner.feed({ is: "ended", child, run });
  }
  if (ref.create) return make(owner, child, run, ref);
  launch(owner, child, run, ref, ref.runner!, child.startTimeout);
}

/** Has a runner made for a run. */
function make(owner: Owner, child: Child, run: number, ref: Ref): void {
  const { startTimeout } = child;
  const began = now();
  let making: AbortController | undefined;
  const failed = (reason: unknown) => {
    if (ref.making !== making) return;
    ref.making = undefined;
    const error = toError(reason);
    owner.feed({ is: "failed", child, run, error, isDown: true });
  };
  settle(
    async () => {
      // A platform may refuse it, which is a failed start.
      making = ref.making = new AbortController();
      const runner = await ref.create!(making.signal);
      if (ref.making !== making) return;
      if (!isRunner(runner)) throw new TypeError("'create' gave no runner");
      ref.given ??= new WeakSet();
      if (ref.given.has(runner) || owner.runners.has(runner)) {
        throw new Error("'create' gave a runner that it gave before");
      }
      if (isAbove(runner, owner.runner)) {
        throw new Error("'create' gave a runner that would run itself");
      }
      ref.given.add(runner);
      replace(owner, child, ref, runner);
      ref.making = undefined;
      const left = startTimeout === undefined
        ? undefined
        : Math.ceil(Math.max(0, startTimeout - (now() - began)));
      if (child.state.is === "start" && child.state.run === run) {
        launch(owner, child, run, ref, runner, left);
      } else owner.feed({ is: "ended", child, run });
    },
    nothing,
    failed,
  );
}

function replace(
  owner: Owner,
  child: Child,
  ref: Ref,
  runner: SupervisedRunner,
): void {
  if (ref.runner) owner.runners.delete(ref.runner);
  owner.runners.add(runner);
  ref.runner = runner;
  child.grace = graceOf(runner);
  child.killTimeout = killTimeoutOf(runner);
  keep(runner, isKept(child.state));
  owner.changed(child);
}

function launch(
  owner: Owner,
  child: Child,
  run: number,
  ref: Ref,
  runner: SupervisedRunner,
  timeout: number | undefined,
): void {
  if (ref.isStarting) {
    const error = new Error("an earlier start has not settled");
    return owner.feed({ is: "failed", child, run, error, isDown: true });
  }
  ref.isStarting = true;
  settle(
    () => timeout === undefined ? runner.start() : runner.start({ timeout }),
    () => {
      ref.isStarting = false;
      if (!isUnderWay(child, run)) return;
      const isProven = !hasTicks(runner);
      owner.feed({ is: "up", child, run, isProven });
      watch(owner, child, run, ref, runner);
      if (!isProven) awaitTick(owner, child, run, ref, runner);
    },
    (reason) => {
      ref.isStarting = false;
      const error = toError(reason);
      const isDown = runner.state === "stopped";
      owner.feed({ is: "failed", child, run, error, isDown });
      // Asked to end meanwhile, it may do so late.
      if (!isDown) watch(owner, child, run, ref, runner);
    },
  );
}

/** Says when a run is over. */
function watch(
  owner: Owner,
  child: Child,
  run: number,
  ref: Ref,
  runner: SupervisedRunner,
): void {
  if (ref.watched === run || !isUnderWay(child, run)) return;
  ref.watched = run;
  const isAwaited = awaitRest(
    runner,
    (error) => owner.soon(endOf(child, run, error)),
  );
  if (!isAwaited) awaitEnd(owner, child, run, runner);
}

/** Says when a run of a runner that is not the library's own is over. */
function awaitEnd(
  owner: Owner,
  child: Child,
  run: number,
  runner: SupervisedRunner,
): void {
  settle(
    () => runner.finished(),
    () => owner.feed(endOf(child, run)),
    (error) => owner.feed(endOf(child, run, toError(error))),
  );
}

/** A run is over, and its ticks are watched no more. */
function endOf(child: Child, run: number, error?: Error): End {
  const ref = refTo(child);
  ref.leave?.();
  ref.leave = undefined;
  const mark = markOf(error);
  const isHung = mark === "hung";
  const late = mark === "late" ? error : undefined;
  return { is: "ended", child, run, error, isHung, late };
}

/** Says when the first tick of a run has succeeded. */
function awaitTick(
  owner: Owner,
  child: Child,
  run: number,
  ref: Ref,
  runner: SupervisedRunner,
): void {
  ref.leave?.();
  const leave = ref.leave = runner.observe((event: RunnerEvent) => {
    if (event.type !== "tick" || event.error || event.skipped) return;
    leave();
    if (ref.leave === leave) ref.leave = undefined;
    owner.feed({ is: "proven", child, run });
  });
}

/** Has a run end within so many milliseconds. */
export function stop(
  owner: Owner,
  child: Child,
  run: number,
  timeout: number,
): void {
  const ref = refTo(child);
  const { making, runner } = ref;
  if (!isUnderWay(child, run) || child.state.is !== "stop") return;
  if (making) {
    ref.making = undefined;
    making.abort();
    return owner.feed({ is: "ended", child, run });
  }
  if (!runner) return owner.feed({ is: "ended", child, run });
  settle(
    () => runner.stop({ timeout, signal: owner.force }),
    // What the run failed with is told first, where it did.
    () => owner.soon({ is: "ended", child, run }),
    (reason) => {
      const error = toError(reason);
      if (runner.state === "stopped") {
        return owner.feed({ is: "ended", child, run, late: error });
      }
      owner.feed({ is: "late", child, run, error });
      watch(owner, child, run, ref, runner);
    },
  );
}
