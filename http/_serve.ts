/** One run of a server: it listens, serves, and leaves in order. */

import { reasonOf } from "../_internal/errors.ts";
import { recoveryCaller } from "../_internal/recovery.ts";
import { Timer } from "../_internal/timer.ts";
import { untilAborted } from "../_internal/until_aborted.ts";
import type { StartControl } from "../start_stop/start_stop.ts";
import type { Opened } from "./_open.ts";
import type { Left } from "./_types.ts";

/** What a run goes by. */
export interface ServeOptions {
  readonly name: string;
  readonly drain: number;
  readonly linger: number;
  readonly notReady: (() => unknown) | undefined;
  readonly onDrain: ((signal: AbortSignal) => unknown) | undefined;
  open(draining: AbortSignal): Promise<Opened>;
  /** It listens; nobody knows yet. */
  opened(opened: Opened): void;
  /** The run is ready. */
  listens(): void;
  /** It is about to listen no more. */
  closed(): void;
}

function count(number: number, one: string): string[] {
  return number === 0 ? [] : [`${number} ${one}${number === 1 ? "" : "s"}`];
}

function describe({ requests, upgraded, idle }: Left): string {
  return [
    ...count(requests, "request"),
    ...count(upgraded, "upgraded socket"),
    ...count(idle, "idle connection"),
  ].join(", ");
}

/** Why a stop took too long: what was cut off, else what it still waited for. */
function late(name: string, left: Left, waits: string): Error {
  const cut = describe(left);
  const why = cut
    ? `${cut} cut off at the end of the grace`
    : `${waits} took longer than the grace`;
  return new Error(`Cannot stop "${name}" in time: ${why}`);
}

/** Calls a function of the user; what it throws is printed. */
async function call(name: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    recoveryCaller(name, error);
  }
}

/** Waits so long, or until the signal aborts. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  const timer = new Timer();
  await Promise.race([
    new Promise<void>((passed) => void timer.arm(ms, passed)),
    untilAborted(signal),
  ]);
  timer.disarm();
}

/** Holds a server until the signal aborts and the last connection has ended. */
export async function serve(
  signal: AbortSignal,
  control: StartControl,
  options: ServeOptions,
): Promise<void> {
  const { drain, linger, name, notReady, onDrain } = options;
  const draining = new AbortController();
  const opened = await options.open(draining.signal);
  const { listening } = opened;
  try {
    if (!signal.aborted) {
      options.opened(opened);
      control.ready();
      options.listens();
      await Promise.race([untilAborted(signal), listening.broken]);
    }
    const { force } = control;
    let waits = drain > 0 ? `its drain of ${drain} ms` : "closing the listener";
    if (notReady) void call(`${name}: notReady`, notReady);
    if (drain > 0 && !force.aborted) {
      listening.announce();
      await wait(drain, force);
    }
    options.closed();
    await Promise.race([listening.shut(), untilAborted(force)]);
    if (!force.aborted) waits = "'onDrain'";
    draining.abort(reasonOf(signal));
    const drained = call(`${name}: onDrain`, () => onDrain?.(force));
    const left = listening.leave(linger, drained);
    left.catch(() => {});
    void drained.then(() => {
      if (force.aborted) return;
      waits = "a connection that the engine does not count";
    });
    await Promise.race([
      Promise.all([left, drained]),
      untilAborted(force).then(() => {
        throw late(name, listening.cut(), waits);
      }),
    ]);
  } catch (error) {
    // Where it broke by itself.
    if (!signal.aborted) listening.cut();
    throw error;
  } finally {
    options.closed();
    await opened.end();
  }
}
