/** Terms: each is one run of an inner runner under one lease. */

import { isCleanAbort, toError } from "../_internal/errors.ts";
import { nothing } from "../_internal/settings.ts";
import { join, leave } from "../_internal/signals.ts";
import { Timer } from "../_internal/timer.ts";
import { says } from "../_internal/validate.ts";
import type { HeldLease } from "./_lease.ts";
import type { Membership } from "./_membership.ts";
import { exit } from "./_runtime.ts";
import { backoff, pause } from "./_wait.ts";
import type { LeaseLostError } from "./errors.ts";
import type { Lease } from "./lease.ts";
import type { LeasedRunner, MakeLeased } from "./options.ts";

/** What terms go by, and whom they tell. */
export interface TermSettings {
  readonly key: string;
  readonly storeKey: string;
  /** Whether a key that is not free is left alone, rather than waited for. */
  readonly isOnce?: boolean;
  readonly make: MakeLeased;
  readonly overrun: string;
  /** A term has begun or is over. */
  turned(lease: Lease, reason: string | undefined): void;
  overran(lease: Lease, error: Error): void;
  failed(error: Error): void;
}

/** How a term has ended. */
interface Ended {
  readonly failure: Error | undefined;
  /** Whether the inner run ended by itself. */
  readonly isOwn: boolean;
}

// A term that was longer is no sign of a runner that fails at once.
const PROVEN = 30_000;
const EX_SOFTWARE = 70;

function checkedRunner(runner: LeasedRunner): LeasedRunner {
  const isRunner = [runner?.start, runner?.stop, runner?.finished].every(
    (each) => typeof each === "function",
  );
  if (isRunner) return runner;
  throw new TypeError(says("begin a term", "runner", "a runner", runner));
}

/** Waits for the key, runs, gives the key up, and so on until the signal aborts. */
export async function runTerms(
  member: Membership,
  settings: TermSettings,
  signal: AbortSignal,
  force: AbortSignal,
  mayGoOn: (ended: Ended) => boolean,
): Promise<void> {
  const { key, storeKey, isOnce } = settings;
  let failures = 0;
  while (!signal.aborted) {
    let lease: HeldLease | undefined;
    try {
      const wish = { signal, isPatient: true, isOnce: isOnce ?? false };
      lease = await member.campaign.acquire(key, storeKey, wish);
    } catch (error) {
      // A store that fails is told by the member.
      if (isOnce || isCleanAbort(error, signal)) return;
      throw error;
    }
    if (!lease) return;
    const began = performance.now();
    const ended = await runTerm(member, settings, lease, signal, force);
    if (!ended) continue;
    if (ended.failure) settings.failed(ended.failure);
    if (!mayGoOn(ended)) return;
    if (!ended.isOwn) failures = 0;
    else {
      if (performance.now() - began > PROVEN) failures = 0;
      await pause(backoff(failures++, member.settings.ttl), signal);
    }
  }
}

async function runTerm(
  member: Membership,
  settings: TermSettings,
  lease: HeldLease,
  signal: AbortSignal,
  force: AbortSignal,
): Promise<Ended | undefined> {
  // It may have been lost, or the run ended, on the way here.
  if (lease.remaining <= 0 || signal.aborted) {
    await lease.release();
    return undefined;
  }
  const { margin } = member.settings;
  let inner: LeasedRunner | undefined;
  const overrun = new Timer();
  // Ends all waits for the inner run's end, which is what its `force` goes by.
  const cut = new AbortController();
  let why: string | undefined;

  const stop = (reason: string, timeout: number, cause?: unknown): void => {
    if (why !== undefined) return;
    why = reason;
    const stopping = inner?.stop({
      timeout,
      signal: cut.signal,
      reason: cause,
    });
    // What goes wrong is recorded by the inner runner, and seen by its end.
    stopping?.catch(nothing);
  };
  const abort = (error: unknown): void => cut.abort(error);
  lease.owner = {
    ending() {
      stop("ending", Math.max(0, Math.floor(lease.remaining)));
    },
    lost(error: LeaseLostError) {
      if (why === undefined) stop(error.why, 0, error);
      else abort(error);
      why = error.why;
      // Before the session is over in the store, and after the inner run could see
      // its signals.
      overrun.arm(margin / 2, () => {
        const message = `Cannot end "${inner?.name ?? settings.key}": ` +
          `the run goes on though its lease of "${settings.key}" is over`;
        settings.overran(lease, new Error(message));
        if (settings.overrun === "exit") exit(EX_SOFTWARE);
      });
    },
  };
  // One listener a signal, however many terms live on it.
  const asked = { aborted: () => stop("stopped", Infinity) };
  const forced = { aborted: () => abort(force.reason) };
  join(signal, asked);
  join(force, forced);
  let failure: Error | undefined;
  settings.turned(lease, undefined);
  try {
    inner = checkedRunner(settings.make(lease));
    // The maker may have found the lease lost.
    if (why === undefined) {
      const started = inner.start();
      const finished = inner.finished();
      // The run may have ended within its launch.
      const [, end] = await Promise.allSettled([started, finished]);
      if (end.status === "rejected") failure = toError(end.reason);
      const [begin] = await Promise.allSettled([started]);
      if (begin.status === "rejected" && why === undefined) {
        failure ??= toError(begin.reason);
      }
    }
  } catch (error) {
    failure = toError(error);
  }
  overrun.disarm();
  leave(signal, asked);
  leave(force, forced);
  const isOwn = why === undefined;
  lease.owner = undefined;
  await lease.release();
  settings.turned(lease, why ?? (failure ? "failed" : "ended"));
  return { failure, isOwn };
}
