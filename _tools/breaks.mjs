// The ways in which `npm run test:broken` breaks the core. A break says what the
// contract then no longer holds, and how: `from` becomes `to`. The text is looked
// for in all of the core, spaces and line ends apart, and has to be there once, so
// that neither the formatter nor a move to another file asks for a change here.
// After a change of the code itself `npm run test:broken -- --list` says which
// have to be aimed anew; `file` is for a text that several files have.

const state = (...names) =>
  names.map((name) => `state.name !== "${name}"`).join(" && ");

export const breaks = [
  // Runs and their order.
  {
    name: "a start over a stopping run does not wait for its end",
    from: `if (call.isOpen && ${state("stopped")}) {`,
    to: `if (call.isOpen && ${state("stopped", "stopping")}) {`,
  },
  {
    name: "a stop leaves the starts in line",
    from: "this.#line = undefined; for (const each of line) {",
    to: "for (const each of [] as typeof line) {",
  },
  {
    name: "the last in line goes first",
    from: "(this.#line ??= []).push(call);",
    to: "(this.#line ??= []).unshift(call);",
  },
  {
    name: "a stop does not wait for the stop function",
    from: "this.pending++;",
    to: "this.pending += 0;",
  },
  {
    name: "the stop function is called for a run that ended by itself",
    from: "this.machine.returned(this); } protected override async halted",
    to: "if (!this.signal.aborted) await this.#spec.stop?.(this.force);" +
      "this.machine.returned(this); } protected override async halted",
  },
  // Time limits.
  {
    name: "the grace of a start in line runs from its call alone",
    from: "for (const each of this.#line ?? []) each.armGrace();",
    to: "",
  },
  {
    name: "a grace that passes is recorded for each who waits",
    from: "state.run.isOverdue = true;",
    to: "",
  },
  {
    name: "a grace that passes is not recorded",
    from: 'state.run.isOverdue = true; this.record(error, "stop");',
    to: "state.run.isOverdue = true;",
  },
  {
    name: "a grace that passes settles nobody",
    from: "this.cutShort(call, error);",
    to: "",
  },
  {
    name: "readiness that comes too late is not noticed",
    from: "if (awaitReady) call!.armReady();",
    to: "",
  },
  {
    name: "a timer outlives its call",
    from: "this.#isOpen = false; this.disarm();",
    to: "this.#isOpen = false;",
  },
  // Signals.
  {
    name: "a run that has ended keeps the caller's signal",
    from: 'run.detach(); if (state.name === "stopping") {',
    to: 'if (state.name === "stopping") {',
  },
  {
    name: "an abort of the caller's signal is not heard",
    from:
      "if (state.run === run) this.#halt(state, this.#impliedStop(), reason);",
    to: "",
  },
  {
    name: "a run that is stopped is not told",
    from: "this.#controller.abort(reason); void this.halted();",
    to: "void this.halted();",
  },
  {
    name: "a run that ends by itself aborts its signal",
    from: "if (--run.pending > 0) return;",
    to: "if (--run.pending > 0) return;" +
      "if (!run.signal.aborted) run.halt(undefined);",
  },
  {
    name: "nobody tells a run that nobody waits for it",
    from: "this.#isForsaken = true; this.#force?.abort(this.signal.reason);",
    to: "this.#isForsaken = true;",
  },
  {
    name: "a late look at control.force finds it as new",
    from: "if (this.#isForsaken) this.#force.abort(this.signal.reason);",
    to: "",
  },
  // Errors and states.
  {
    name: "the errors of earlier runs stay",
    from: "this.clear();",
    to: "",
  },
  {
    name: "an error is recorded twice",
    from: "(this.#log ??= new ErrorLog(settings.maxErrors)).add(error);",
    to: "(this.#log ??= new ErrorLog(settings.maxErrors)).add(error);" +
      "this.#log.add(error);",
  },
  {
    name: "finished() forgets what the run failed with",
    from: 'this.#become(failure ? { name: "stopped", failure } : CLEAN);',
    to: "this.#become(CLEAN);",
  },
  {
    name: "finished() settles between the runs of a restart",
    from: `if (${state("stopped")} || this.#line?.length) return;` +
      "if (this.#finishing",
    to: 'if (this.#line?.length && state.name === "running") return;' +
      "if (this.#finishing",
  },
  {
    name: "a clean end of an aborted run is an error",
    from: "if (!isCleanAbort(value, run.signal)) {",
    to: "{",
  },
  {
    name: "the oldest errors are kept, not the newest",
    from: "this.#ring[this.#total++ % this.#max] = error;",
    to: "if (this.#total++ < this.#max) this.#ring.push(error);",
  },
  {
    name: "what is not to be printed is",
    from: "if (settings.printErrors) {",
    to: "{",
  },
  // Events and observers.
  {
    name: "events are told before the transition is complete",
    from: "if (--this.#depth === 0) this.#observers?.tell();",
    to: "this.#depth--; this.#observers?.tell();",
  },
  {
    name: "an observer that has left is told",
    from: "return () => void this.#entries.delete(entry);",
    to: "return () => {};",
  },
  {
    name: "an observer that joins is told what was before",
    from: "if (since <= index) this.#call(observer, event);",
    to: "if (since <= index + 1) this.#call(observer, event);",
  },
  {
    name: "an observer that causes an event has it told at once",
    from: "if (this.#telling) return;",
    to: "",
  },
  {
    name: "an observer that rejects is not caught",
    from: "Promise.resolve(result).then(undefined, caught);",
    to: "Promise.resolve(result).then(undefined, () => {});",
  },
  // Tickers.
  {
    name: "a tick that outlasts its interval moves the grid",
    from: "this.#passed = point;",
    to: "this.#passed = point; this.#origin += 1;",
  },
  {
    name: "a stopped ticker does not wait for its tick",
    from: "if (this.isIdle) { void Promise",
    to: "if (Date) { void Promise",
  },
  {
    name: "the points that a tick covers are not missed",
    from: "this.missed = point - this.#passed - 1;",
    to: "this.missed = 0;",
  },
  {
    name: "the timer of a stopped ticker stays",
    from: "halted(): void { this.#clock.disarm(this);",
    to: "halted(): void {",
  },
  {
    name: "a tick that takes too long is not told",
    from: "this.#limit?.start(this, this.#spec.tickTimeout, spent);",
    to: "",
  },
  {
    name: "the run of a host's tick outlives it",
    from: "if (isOnly) this.#phase = HALTED;",
    to: "",
  },
  {
    name: "a host's tick moves the grid",
    from: "this.missed = 0; this.#tick(",
    to: "this.missed = 0; this.#passed++; this.#tick(",
  },
  {
    name: "a host's tick does not hear its signal",
    from: "if (signal) join(signal, limit);",
    to: "",
  },
];
