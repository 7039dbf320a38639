// Mutants that no test notices, by the reason why none can: the line, what stands
// there, and what Stryker puts in its place.

export const explained = [
  {
    why: "A shortcut: the longer way leads to the same.",
    mutants: [
      [
        'if (kind === "implied stop") return;',
        'kind === "implied stop"',
        "false",
      ],
      ['if (kind === "implied stop") return;', '"implied stop"', '""'],
      [
        "if (ms < Infinity) this.#timeout = new Timeout(ms, expired);",
        "ms < Infinity",
        "true",
      ],
      [
        "if (ms < Infinity) this.#timeout = new Timeout(ms, expired);",
        "ms < Infinity",
        "ms <= Infinity",
      ],
      [
        'const isStopped = this.#state.name === "stopped";',
        'this.#state.name === "stopped"',
        "false",
      ],
      ['const isStopped = this.#state.name === "stopped";', '"stopped"', '""'],
      [
        "if (isStopped && !awaitReady && signal === undefined) {",
        "isStopped && !awaitReady && signal === undefined",
        "false",
      ],
      [
        "if (isStopped && !awaitReady && signal === undefined) {",
        "{ this.launch(); return Promise.resolve(); }",
        "{}",
      ],
      [
        'state.name === "running" && signal === undefined && state.run.isIdle',
        'state.name === "running" && signal === undefined && state.run.isIdle',
        "false",
      ],
      [
        'state.name === "running" && signal === undefined && state.run.isIdle',
        'state.name === "running"',
        "true",
      ],
      [
        'state.name === "running" && signal === undefined && state.run.isIdle',
        'state.name === "running"',
        'state.name !== "running"',
      ],
      [
        'state.name === "running" && signal === undefined && state.run.isIdle',
        '"running"',
        '""',
      ],
      [") {", "{ this.#halt(state); return Promise.resolve(); }", "{}"],
      [
        "if (options === undefined) return NO_OPTIONS;",
        "options === undefined",
        "false",
      ],
      [
        'if (typeof result === "object" && result !== null) {',
        'typeof result === "object" && result !== null',
        "true",
      ],
      [
        'if (typeof result === "object" && result !== null) {',
        'typeof result === "object" && result !== null',
        'typeof result === "object" || result !== null',
      ],
      [
        'if (typeof result === "object" && result !== null) {',
        'typeof result === "object"',
        "true",
      ],
      [
        'if (typeof result === "object" && result !== null) {',
        "result !== null",
        "true",
      ],
      ["if (signal?.aborted) return false;", "signal?.aborted", "false"],
      [
        "if (options !== undefined) return read(what, defaultName, options);",
        "options !== undefined",
        "true",
      ],
      ["if (settings === undefined) {", "settings === undefined", "true"],
      ["if (promise === undefined) {", "promise === undefined", "true"],
      ["promises.set(signal, promise);", "promises.set(signal, promise);", ";"],
      ["let point = this.#passed + 1;", "this.#passed + 1", "this.#passed - 1"],
      [
        "if (passed >= (point + 1) * this.#interval) {",
        "passed >= (point + 1) * this.#interval",
        "true",
      ],
      [
        "if (passed >= (point + 1) * this.#interval) {",
        "passed >= (point + 1) * this.#interval",
        "passed > (point + 1) * this.#interval",
      ],
      [
        "if (passed >= (point + 1) * this.#interval) {",
        "(point + 1) * this.#interval",
        "(point + 1) / this.#interval",
      ],
      [
        "if (passed >= (point + 1) * this.#interval) {",
        "point + 1",
        "point - 1",
      ],
      [
        "if (this.isObserved) this.#tell(scheduledAt, startedAt, times);",
        "this.isObserved",
        "true",
      ],
      ["if (!this.#hasLimit) return;", "!this.#hasLimit", "false"],
    ],
  },
  {
    why:
      "A guard for the types, or against what cannot come about: what it asks has one answer there.",
    mutants: [
      [
        "if (this.#signal !== undefined) leave(this.#signal, this);",
        "this.#signal !== undefined",
        "true",
      ],
      [
        'if (state.name !== "stopped" && state.run === run) {',
        'state.name !== "stopped"',
        "true",
      ],
      [
        'if (state.name !== "stopped" && state.run === run) {',
        '"stopped"',
        '""',
      ],
      [
        'if (state.name === "stopped" || state.run !== run) return;',
        'state.name === "stopped"',
        "false",
      ],
      [
        'if (state.name === "stopped" || state.run !== run) return;',
        '"stopped"',
        '""',
      ],
      [
        "if (state.run === run) this.#halt(state, this.#impliedStop(), reason);",
        "state.run === run",
        "true",
      ],
      [
        'if (state.name !== "stopping") return;',
        'state.name !== "stopping"',
        "false",
      ],
      [
        'if (state.name !== "starting" || state.call !== call) return;',
        'state.name !== "starting" || state.call !== call',
        "false",
      ],
      [
        'if (state.name !== "starting" || state.call !== call) return;',
        'state.name !== "starting" || state.call !== call',
        'state.name !== "starting" && state.call !== call',
      ],
      [
        'if (state.name !== "starting" || state.call !== call) return;',
        'state.name !== "starting"',
        "false",
      ],
      [
        'if (state.name !== "starting" || state.call !== call) return;',
        "state.call !== call",
        "false",
      ],
      [
        'else if (state.name !== "stopped") this.#halt(state, call);',
        'state.name !== "stopped"',
        "true",
      ],
      [
        'else if (state.name !== "stopped") this.#halt(state, call);',
        '"stopped"',
        '""',
      ],
      [
        "if (this.source !== undefined) leave(this.source, this);",
        "this.source !== undefined",
        "true",
      ],
      [
        "if (this.#phase >= HALTED) return;",
        "this.#phase >= HALTED",
        "this.#phase > HALTED",
      ],
      [
        'else if (state.name === "running" && state.run.isIdle) host(state.run);',
        'state.name === "running"',
        "true",
      ],
      ["if (signal) leave(signal, limit);", "signal", "true"],
    ],
  },
  {
    why: "No clock has a name that one of them takes and the other does not.",
    mutants: [
      [
        "readonly #leaky = /^(fakeSetTimeout|bound .*)$/.test(this.#set.name);",
        "/^(fakeSetTimeout|bound .*)$/",
        "/(fakeSetTimeout|bound .*)$/",
      ],
      [
        "readonly #leaky = /^(fakeSetTimeout|bound .*)$/.test(this.#set.name);",
        "/^(fakeSetTimeout|bound .*)$/",
        "/^(fakeSetTimeout|bound .*)/",
      ],
    ],
  },
  {
    why: "What stands there instead does the same.",
    mutants: [
      [
        "const pass = { timer: undefined as unknown };",
        "{ timer: undefined as unknown }",
        "{}",
      ],
      [
        "if (pass === undefined || this.#leaky) return;",
        "pass === undefined",
        "false",
      ],
      [
        "return (value as Record<string, unknown> | null | undefined)?.[key];",
        "(value as Record<string, unknown> | null | undefined)?.[key]",
        "(value as Record<string, unknown> | null | undefined)[key]",
      ],
      ["} catch {", "{ return undefined; }", "{}"],
      [
        "} catch {",
        "{ // Errors nested too deep, or a list of them that throws. return false; }",
        "{}",
      ],
      ["readonly #ring: Error[] = [];", "[]", '["Stryker was here"]'],
      ["configurable: true,", "true", "false"],
      ["writable: true,", "true", "false"],
      [
        'if (this.#state.name === "stopping") call.armGrace();',
        'this.#state.name === "stopping"',
        "true",
      ],
      ['const call = new Call(this, "finish", Infinity);', '"finish"', '""'],
      [
        "if (call.isOpen) (this.#finishing ??= new Set()).add(call);",
        "call.isOpen",
        "true",
      ],
      ["const lists = [this.#line];", "[this.#line]", "[]"],
      [
        'if (this.#state.name === "stopping") lists.push(this.#state.stops);',
        'this.#state.name === "stopping"',
        "true",
      ],
      ["readonly #events: RunnerEvent[] = [];", "[]", '["Stryker was here"]'],
      ["get isIdle(): boolean {", "{ return false; }", "{}"],
      ["this.clock.now();", "this.clock.now();", ";"],
      [
        "if (wait > passed && !signal?.aborted) await sleep.until(start + wait);",
        "wait > passed",
        "true",
      ],
      [
        "if (wait > passed && !signal?.aborted) await sleep.until(start + wait);",
        "wait > passed",
        "wait >= passed",
      ],
      ["hubs.delete(signal);", "hubs.delete(signal);", ";"],
      [
        "if (passed > point * this.#interval) {",
        "passed > point * this.#interval",
        "passed >= point * this.#interval",
      ],
    ],
  },
  {
    why:
      "The very border of a tolerance: no moment in the tests, or in a program, lies on it.",
    mutants: [
      [
        "if (expected - this.latest > slack) {",
        "expected - this.latest > slack",
        "expected - this.latest >= slack",
      ],
      [
        "if (alarm.due - this.latest > EPSILON) {",
        "alarm.due - this.latest > EPSILON",
        "alarm.due - this.latest >= EPSILON",
      ],
      [
        "const isOver = () => clock.now() - start >= timeout - EPSILON;",
        "clock.now() - start >= timeout - EPSILON",
        "clock.now() - start > timeout - EPSILON",
      ],
      [
        "if (this.isIdle && this.due - this.#clock.now() <= EPSILON) {",
        "this.due - this.#clock.now() <= EPSILON",
        "this.due - this.#clock.now() < EPSILON",
      ],
      [
        "const isLate = duration > Math.ceil(tickTimeout) + EPSILON;",
        "duration > Math.ceil(tickTimeout) + EPSILON",
        "duration >= Math.ceil(tickTimeout) + EPSILON",
      ],
    ],
  },
  {
    why:
      "A bound against what is endless; nobody is promised its exact number.",
    mutants: [
      [
        'if (typeof value !== "object" || value === null || --steps.left < 0) {',
        "value === null",
        "false",
      ],
      [
        'if (typeof value !== "object" || value === null || --steps.left < 0) {',
        "--steps.left < 0",
        "--steps.left <= 0",
      ],
      [
        "cause != null && causes.length < MAX_CAUSES && !causes.includes(cause)",
        "causes.length < MAX_CAUSES",
        "causes.length <= MAX_CAUSES",
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
      ["if (Symbol.asyncDispose) {", "Symbol.asyncDispose", "true"],
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
    why: "Only a look-alike of a signal could tell, in the middle of a call.",
    mutants: [
      [
        "if (this.#state !== state || this.#line?.[0] !== call) continue;",
        "this.#line?.[0] !== call",
        "false",
      ],
      [
        "if (this.#state !== state || this.#line?.[0] !== call) continue;",
        "this.#line?.[0]",
        "this.#line[0]",
      ],
    ],
  },
];
