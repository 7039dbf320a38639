import { machineOf } from "../_internal/lifecycle.ts";
import { defaultsOf, settingsOf } from "../_internal/settings.ts";
import { checkUnknown } from "../_internal/unknown_options.ts";
import { typed } from "../_internal/validate.ts";
import { StartStop, type StartStopOptions } from "../start_stop/mod.ts";
import { Generations } from "./_generations.ts";
import type { GenerationRunner } from "./generation_runner.ts";

/**
 * Makes the runner of a generation: a new one each time, not started.
 *
 * @param generation Its number, from 1 on; none comes twice.
 */
export type GenerationFactory<R extends GenerationRunner> = (
  generation: number,
) => R | PromiseLike<R>;

/** Options of {@linkcode Reloadable}; the default name is "reloadable". */
export type ReloadableOptions = Omit<
  StartStopOptions,
  "awaitReady" | "staleAfter"
>;

const DEFAULTS = /* @__PURE__ */ defaultsOf("reloadable", {
  startTimeout: 30_000,
});
const KNOWN = /* @__PURE__ */ Object.keys(DEFAULTS);

/**
 * A runner over runners of which one takes over from the other without a gap.
 *
 * `reload()` has the factory make the next generation, starts it, waits until it
 * is ready, and only then stops the one before. If the new one fails to start, the
 * old one stays untouched. What the generations share, a port that is listened on
 * for instance, stands outside of them and asks for `current`.
 *
 * It ends when its current generation ends by itself, cleanly or with what that
 * failed with. A generation should have `awaitReady`, else it counts as ready once
 * it is launched.
 *
 * `stopTimeout` is the grace of a stop as a whole, whatever that of a generation
 * is; for the hand-over it is that of the old generation.
 *
 * @example Usage
 * ```ts
 * import { Reloadable } from "@golib/runner/reload";
 * import { StartStop, untilAborted } from "@golib/runner";
 * import { assertEquals } from "@std/assert";
 *
 * const events: string[] = [];
 * await using app = new Reloadable((generation) =>
 *   new StartStop(async (signal, { ready }) => {
 *     events.push(`up ${generation}`);
 *     ready();
 *     await untilAborted(signal);
 *     events.push(`down ${generation}`);
 *   }, undefined, { awaitReady: true })
 * );
 *
 * await app.start();
 * await app.reload();
 * assertEquals(events, ["up 1", "up 2", "down 1"]);
 * assertEquals(app.generation, 2);
 * ```
 */
export class Reloadable<R extends GenerationRunner = GenerationRunner>
  extends StartStop {
  readonly #generations: Generations<R>;

  /**
   * Makes a runner that is stopped; the factory is not called yet.
   *
   * @param factory Makes the runner of each generation.
   * @param options How it behaves as a runner.
   * @throws {TypeError} if an argument or option is not of its type.
   * @throws {RangeError} if a number makes no sense.
   */
  constructor(
    factory: GenerationFactory<R>,
    options?: ReloadableOptions,
  ) {
    const what = "create a Reloadable";
    typed(what, "factory", factory, "function");
    const settings = settingsOf(what, DEFAULTS, options);
    checkUnknown(what, "Reloadable", options, KNOWN);
    const generations = new Generations(settings.name, factory);
    super(
      (_signal, { ready, force }) => {
        const machine = machineOf(this);
        const run = machine.state.run!;
        return generations.run({
          ready,
          force,
          record: (value, phase) => machine.record(value, phase),
          end: (failure) => {
            machine.enter();
            if (failure) run.failure = machine.record(failure.error, "start");
            machine.end(run, run.failure, run.failure);
            machine.exit();
          },
        });
      },
      () => generations.halt(),
      { ...settings, awaitReady: true },
    );
    this.#generations = generations;
  }

  /** The generation that does the work; `undefined` before it is ready. */
  get current(): R | undefined {
    return this.#generations.current;
  }

  /** The number of the generation that does the work; 0 where there is none. */
  get generation(): number {
    return this.#generations.number;
  }

  /**
   * Hands over to a new generation: makes it, starts it, waits until it is ready,
   * then stops the one before.
   *
   * - starting, running: as said. Reloads that are called before the new one is
   *   ready become one, for which a still newer generation is made: the last wins,
   *   and the one that was starting is stopped.
   * - stopped, stopping: rejects; it starts nothing.
   *
   * @example A reload that fails
   * ```ts
   * import { Reloadable } from "@golib/runner/reload";
   * import { StartStop, untilAborted } from "@golib/runner";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * let port = 8080;
   * const app = new Reloadable(() => {
   *   if (port < 0) throw new Error("no such port");
   *   return new StartStop((signal) => untilAborted(signal));
   * }, { printErrors: false });
   * await app.start();
   *
   * port = -1;
   * await assertRejects(() => app.reload(), Error, "no such port");
   * assertEquals([app.state, app.generation], ["running", 1]);
   * await app.stop();
   * ```
   *
   * @returns a promise that resolves once the new generation does the work and the
   * one before has ended. It rejects
   *
   * - with what kept the new one from being ready, which is recorded; the old one
   *   goes on untouched;
   * - with a `TimeoutError`, which is recorded, if the old one did not end in its
   *   time; the new one goes on;
   * - with an `AbortError`, if the `Reloadable` is not running, or ends meanwhile,
   *   as it does where there was no old one.
   *
   * It never causes an unhandled rejection.
   */
  reload(): Promise<void> {
    return this.#generations.reload();
  }
}
