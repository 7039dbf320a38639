/** One check of the user's own: never two at once, limited, and remembered. */

import { peek } from "../../_internal/errors.ts";
import type { HealthFinding, HealthStatus } from "./report.ts";

/** What a check goes by, with its defaults. */
export interface CheckSpec {
  readonly check: (signal: AbortSignal) => unknown;
  readonly groups: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds. */
  readonly maxAge: number;
}

interface Result {
  readonly status: HealthStatus;
  readonly output?: string;
  readonly at: number;
}

/** What a check has said: only what says so is not well. */
function statusOf(
  value: unknown,
  say: (value: unknown) => string,
): Omit<Result, "at"> {
  const status = typeof value === "string" ? value : peek(value, "status");
  const output = peek(value, "output");
  if (value === false || status === "fail" || status === "warn") {
    return {
      status: status === "warn" ? "warn" : "fail",
      ...(typeof output === "string" && { output: say(output) }),
    };
  }
  return { status: "pass" };
}

/** A check with what it last said. */
export class Check {
  readonly spec: CheckSpec;
  readonly #name: string;
  readonly #say: (value: unknown) => string;
  #last: Result | undefined;
  /** Settles with the one in flight, whatever that comes to. */
  #flight: Promise<void> | undefined;
  // When it began.
  #beganAt = 0;

  constructor(name: string, spec: CheckSpec, say: (value: unknown) => string) {
    this.#name = name;
    this.spec = spec;
    this.#say = say;
  }

  /** What it says now, within its time. */
  async ask(): Promise<HealthFinding> {
    const { maxAge, timeout } = this.spec;
    const now = performance.now();
    if (!this.#last || now - this.#last.at >= maxAge) {
      const flight = this.#flight ??= this.#begin();
      const left = this.#beganAt + timeout - now;
      if (left > 0) await limited(flight, left);
      // One that has not come back is not asked again.
      if (this.#flight === flight) this.#late();
    }
    const { status, output, at } = this.#last!;
    return {
      name: this.#name,
      kind: "check",
      status,
      age: Math.round(performance.now() - at),
      ...(output !== undefined && { output }),
    };
  }

  #late(): void {
    const at = performance.now();
    const output = `no answer for ${Math.round(at - this.#beganAt)} ms`;
    this.#last = { status: "fail", output, at };
  }

  #begin(): Promise<void> {
    const controller = new AbortController();
    const { check, timeout } = this.spec;
    const began = this.#beganAt = performance.now();
    const timer = setTimeout(() => {
      const why = `the check "${this.#name}" took longer than ${timeout} ms`;
      controller.abort(new DOMException(why, "TimeoutError"));
    }, timeout);
    const settle = (result: Omit<Result, "at">) => {
      clearTimeout(timer);
      this.#flight = undefined;
      const at = performance.now();
      // One that comes too late says nothing of now.
      if (at - began > timeout) return this.#late();
      this.#last = { ...result, at };
    };
    const run = async () => await check(controller.signal);
    return run().then(
      (value) => settle(statusOf(value, this.#say)),
      (error) =>
        settle({
          status: "fail",
          output: this.#say(peek(error, "message") ?? error),
        }),
    );
  }
}

/** Waits for a promise that does not reject, or for so long. */
function limited(promise: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
