// Mutants that no test notices, by the reason why none can: the line, what stands
// there, what Stryker puts in its place, and the file where others have such a line.

export const explained = [
  {
    why: "What takes the place of no calls is no call either.",
    mutants: [
      [
        "for (const call of this.#calls ?? []) {",
        "[]",
        '["Stryker was here"]',
      ],
      [
        "for (const call of this.#calls ?? []) if (call.isStart) return call;",
        "[]",
        '["Stryker was here"]',
      ],
    ],
  },
  {
    why: "A shortcut: the longer way leads to the same.",
    mutants: [
      [
        "if (bucket?.key !== key) {",
        "bucket?.key !== key",
        "true",
      ],
      [
        "if (due < this.#wakesAt || this.#wasMarked && !isMarked(this.#timer.set)) {",
        "due < this.#wakesAt",
        "due <= this.#wakesAt",
      ],
      [
        "for (let left = NEAR; left > 0 && !buckets.has(key); left--) key++;",
        "left > 0 && !buckets.has(key)",
        "false",
      ],
      [
        "for (let left = NEAR; left > 0 && !buckets.has(key); left--) key++;",
        "left > 0",
        "left <= 0",
      ],
      [
        "for (let left = NEAR; left > 0 && !buckets.has(key); left--) key++;",
        "!buckets.has(key)",
        "buckets.has(key)",
      ],
      [
        "for (let left = NEAR; left > 0 && !buckets.has(key); left--) key++;",
        "left > 0",
        "left >= 0",
      ],
      [
        "for (let left = NEAR; left > 0 && !buckets.has(key); left--) key++;",
        "key++",
        "key--",
      ],
      [
        "if (!buckets.has(key)) {",
        "!buckets.has(key)",
        "true",
      ],
      [
        "if (options === undefined) return defaults;",
        "options === undefined",
        "false",
      ],
      [
        "if (stop === nothing) return;",
        "stop === nothing",
        "false",
      ],
      [
        "if (!this.#clock.isTrusted) void this.signal;",
        "!this.#clock.isTrusted",
        "true",
      ],
      [
        "(run ? isStop && run.isIdle : !isFinish && !this.settings.awaitReady)",
        "!isFinish && !this.settings.awaitReady",
        "false",
      ],
      [
        'if (!run.isIdle) this.calls.add(new Call(this, "stop"));',
        "!run.isIdle",
        "true",
      ],
      [
        "if (options === undefined) return {};",
        "options === undefined",
        "false",
      ],
      [
        "if (signal?.aborted) return false;",
        "signal?.aborted",
        "false",
      ],
      [
        "promises.set(signal, promise);",
        "promises.set(signal, promise);",
        ";",
      ],
    ],
  },
  {
    why: "What stands there instead does the same.",
    mutants: [
      [
        "const alarm = { due: 0, index: 0, ring: nothing };",
        "{ due: 0, index: 0, ring: nothing }",
        "{}",
      ],
      [
        "if (due > bucket.due) bucket.due = due;",
        "due > bucket.due",
        "due >= bucket.due",
      ],
      [
        ": clocks[+persistent] ??= new Clock(persistent, true);",
        "+persistent",
        "-persistent",
      ],
      [
        "if (!signal?.aborted) return false;",
        "signal?.aborted",
        "signal.aborted",
      ],
      [
        "this.#events ??= [];",
        "[]",
        '["Stryker was here"]',
      ],
      [
        "return (value as Record<string, unknown> | null | undefined)?.[key];",
        "(value as Record<string, unknown> | null | undefined)?.[key]",
        "(value as Record<string, unknown> | null | undefined)[key]",
      ],
      [
        "} catch {",
        "{ return undefined; }",
        "{}",
      ],
      [
        "} catch {",
        "{ // A list of errors that throws, or is too long. return false; }",
        "{}",
      ],
      [
        "get isIdle(): boolean {",
        "{ return false; }",
        "{}",
      ],
      [
        "hubs.delete(signal);",
        "hubs.delete(signal);",
        ";",
      ],
    ],
  },
  {
    why:
      "The very border of a tolerance: no moment in the tests, or in a program, lies on it.",
    mutants: [
      [
        "this.#early = early > EPSILON ? this.#early + early : 0;",
        "early > EPSILON",
        "early >= EPSILON",
      ],
      [
        "while ((first = this.#first()) && first.due <= end) {",
        "first.due <= end",
        "first.due < end",
      ],
      [
        "const isOver = () => clock.now() - start >= limit - EPSILON;",
        "clock.now() - start >= limit - EPSILON",
        "clock.now() - start > limit - EPSILON",
      ],
      [
        "if (duration > Math.ceil(tickTimeout) + EPSILON && tickTimeout > 0) {",
        "duration > Math.ceil(tickTimeout) + EPSILON",
        "duration >= Math.ceil(tickTimeout) + EPSILON",
      ],
      [
        "if (this.isIdle && this.due - this.#clock.now() <= EPSILON) {",
        "this.due - this.#clock.now() <= EPSILON",
        "this.due - this.#clock.now() < EPSILON",
      ],
    ],
  },
  {
    why:
      "A bound against what is endless; nobody is promised its exact number.",
    mutants: [
      [
        'if (typeof each !== "object" || found.length > 1e4) return false;',
        "found.length > 1e4",
        "found.length >= 1e4",
      ],
      [
        '(cause = peek(cause, "cause")) != null && causes.length < MOST &&',
        "causes.length < MOST",
        "causes.length <= MOST",
      ],
      [
        "next = after(count < MOST ? last : end);",
        "count < MOST",
        "count <= MOST",
      ],
    ],
  },
  {
    why:
      "Node's timers are objects with all their methods, and it has the symbols: others tell.",
    mutants: [
      [
        'if (typeof timer === "object") {',
        'typeof timer === "object"',
        "true",
      ],
      [
        "} else {",
        "{ // Deno's timers are numbers up to 2.8 and in its browser-like mode. host.Deno",
        "{}",
      ],
      [
        "if (Symbol.asyncDispose) {",
        "Symbol.asyncDispose",
        "true",
      ],
      [
        "(timer as { unref?(): void } | null)?.unref?.();",
        "(timer as { unref?(): void } | null)?.unref?.()",
        "(timer as { unref?(): void; } | null)?.unref()",
      ],
      [
        "(timer as { unref?(): void } | null)?.unref?.();",
        "(timer as { unref?(): void } | null)?.unref",
        "(timer as { unref?(): void; } | null).unref",
      ],
      [
        "host.Deno?.unrefTimer?.(timer as number);",
        "host.Deno?.unrefTimer?.(timer as number)",
        "host.Deno?.unrefTimer(timer as number)",
      ],
    ],
  },
  {
    why: "Has been answered already: the abort has resolved the promise.",
    mutants: [
      [
        "return false;",
        "false",
        "true",
        "_internal/run_tick.ts",
      ],
    ],
  },
  {
    why:
      "For the modules that are built on the core, whose tests tell; the core makes its own.",
    mutants: [
      [
        "export function abortError(message: string): DOMException {",
        '{ return new DOMException(message, "AbortError"); }',
        "{}",
      ],
      [
        'return new DOMException(message, "AbortError");',
        '"AbortError"',
        '""',
      ],
      [
        "export function timeoutError(message: string): DOMException {",
        '{ return new DOMException(message, "TimeoutError"); }',
        "{}",
      ],
      [
        'return new DOMException(message, "TimeoutError");',
        '"TimeoutError"',
        '""',
      ],
    ],
  },
];
