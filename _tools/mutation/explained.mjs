// Mutants that no test notices, by the reason why none can: the line, what stands
// there, and what Stryker puts in its place.

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
        "{ // Errors nested too deep, or a list of them that throws. return false; }",
        "{}",
      ],
      [
        'if (this.#state.name === "stopping") call.armGrace();',
        'this.#state.name === "stopping"',
        "true",
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
];
