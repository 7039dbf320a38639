/** One program: its runners, from their start to its exit code. */

import {
  reasonOf as abortReasonOf,
  timeoutError,
} from "../_internal/errors.ts";
import { nothing } from "../_internal/settings.ts";
import { join, leave } from "../_internal/signals.ts";
import { LONGEST, Timer } from "../_internal/timer.ts";
import { recoveryCaller } from "../tools.ts";
import { Group } from "./_group.ts";
import { begun, ended } from "./_leftovers.ts";
import { Listener } from "./_listen.ts";
import { processOf } from "./_process.ts";
import { type Systemd, systemdOf } from "./_systemd.ts";
import type { MainSettings } from "./main_options.ts";
import { reasonOf } from "./shutdown_signal.ts";

/** Where a program is. One that drains is to be stopped when that is over. */
type Phase = "up" | "draining" | "stopping";

/** Calls a function of the user's, and prints what it throws. */
async function call(name: string, work: () => unknown): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    recoveryCaller(name, error);
    return false;
  }
}

/** Waits for something no longer than so many milliseconds; false then. */
async function within(ms: number, work: unknown): Promise<boolean> {
  const limit = new Timer();
  const late = new Promise<false>((resolve) => {
    limit.arm(ms, () => resolve(false));
  });
  const done = (async () => {
    await work;
    return true;
  })();
  try {
    return await Promise.race([done, late]);
  } finally {
    limit.disarm();
  }
}

export class Program {
  readonly #settings: MainSettings;
  readonly #group: Group;
  readonly #process = processOf();
  readonly #systemd: Systemd | undefined;
  readonly #listener: Listener;
  /** Ends all graces. */
  readonly #force = new AbortController();
  readonly #drain = new Timer();
  #phase: Phase = "up";
  #code = 0;
  /** Why a stop has failed; it settles only then. */
  readonly #late: Promise<never>;
  #isLate = false;
  #stopped: Promise<void> | undefined;
  #fail!: (reason: unknown) => void;

  constructor(settings: MainSettings) {
    this.#settings = settings;
    this.#group = new Group(settings.runners);
    const { healthy, isPingNeeded, signals } = settings;
    this.#late = new Promise((_resolve, reject) => this.#fail = reject);
    this.#late.catch(nothing);
    this.#systemd = systemdOf(this.#process, healthy, isPingNeeded);
    this.#listener = new Listener(
      this.#process,
      signals,
      (name, count, exit) => this.#heard(name, count, exit),
    );
  }

  /** Runs it, and resolves to its exit code. */
  async run(): Promise<number> {
    const { signal, forceExit, naming } = this.#settings;
    const process = this.#process;
    begun();
    // A runner that only waits does not keep the process alive.
    const hold = setInterval(nothing, LONGEST);
    const told = { aborted: () => this.#end(abortReasonOf(signal!)) };
    const leaveErrors = this.#catchErrors();
    if (signal?.aborted) {
      told.aborted();
      this.#stopNow(abortReasonOf(signal));
    } else join(signal, told);

    try {
      await Promise.race([this.#work(), this.#late]);
    } catch {
      // It was printed where it was caught.
      this.#code = 1;
      if (!this.#isLate) await this.#stop().catch(nothing);
      // What was cut has its end still to come.
      if (this.#force.signal.aborted) {
        await within(forceExit, this.#group.rest());
      }
    }
    const isTold = this.#phase !== "up";
    this.#drain.disarm();
    await this.#after();

    leave(signal, told);
    leaveErrors();
    this.#systemd?.end();
    this.#listener.releaseLater();
    clearInterval(hold);
    if (process) process.exitCode ||= this.#code;
    ended(process, { forceExit, naming, isTold, isLate: this.#isLate });
    return this.#code;
  }

  async #work(): Promise<void> {
    if (this.#phase === "up") await this.#group.run(() => this.#up());
    await this.#stopped;
  }

  #up(): void {
    void this.#systemd?.tell("READY=1");
    const { onReady } = this.#settings;
    if (onReady) void call("onReady", onReady);
  }

  #heard(name: string, count: number, exit: () => void): void {
    const { secondSignal } = this.#settings;
    if (count === 1) this.#end(reasonOf(name));
    else if (secondSignal === "exit" || count > 2 && secondSignal === "force") {
      exit();
    } else if (secondSignal === "force") {
      const reason = reasonOf(name);
      this.#force.abort(reason);
      this.#stopNow(reason);
    }
  }

  /** Has the program end; the first reason stands. */
  #end(reason: unknown): void {
    if (this.#phase !== "up") return;
    const { notReady, drainDelay } = this.#settings;
    this.#phase = "draining";
    void this.#systemd?.tell("STOPPING=1");
    if (notReady) void call("notReady", () => notReady(reason));
    // What it called may have brought the end.
    if (this.#phase !== "draining") return;
    if (drainDelay > 0 && this.#group.isRunning()) {
      this.#drain.arm(drainDelay, () => this.#stopNow(reason));
    } else this.#stopNow(reason);
  }

  #stopNow(reason: unknown): void {
    if (this.#phase === "stopping") return;
    this.#phase = "stopping";
    this.#drain.disarm();
    this.#stopped = this.#stop(reason);
    this.#stopped.catch(this.#fail);
  }

  async #stop(reason?: unknown): Promise<void> {
    const { stopTimeout: timeout } = this.#settings;
    const { signal } = this.#force;
    try {
      await this.#group.stop({ signal, timeout, reason });
    } catch (error) {
      this.#isLate = true;
      throw error;
    }
  }

  /** Does what is left to do, within its time. */
  async #after(): Promise<void> {
    const { after, stopTimeout = 2_000 } = this.#settings;
    if (!after) return;
    const isDone = await call("after", async () => {
      if (await within(stopTimeout, after(this.#code))) return;
      const why = `it did not settle within ${stopTimeout} ms`;
      throw timeoutError(`Cannot wait for 'after': ${why}`);
    });
    if (!isDone) this.#code = 1;
  }

  /** Has uncaught errors end the program, where that is wanted. */
  #catchErrors(): () => void {
    const process = this.#process;
    if (!process || !this.#settings.uncaught) return nothing;
    const caught = (name: string) => (error: unknown) => {
      this.#code = 1;
      recoveryCaller(name, error ?? new Error(String(error)));
      this.#end(error);
      // What a drain would bring is not to be relied on any more.
      this.#stopNow(error);
    };
    const listeners = [
      ["uncaughtException", caught("uncaught exception")],
      ["unhandledRejection", caught("unhandled rejection")],
    ] as const;
    for (const [event, listener] of listeners) process.on(event, listener);
    return () => {
      for (const [event, listener] of listeners) process.off(event, listener);
    };
  }
}
