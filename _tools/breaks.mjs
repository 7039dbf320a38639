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
    from: "if (state.run) { this.#halt(); break; }",
    to: `if (state.run && ${state("stopping")}) { this.#halt(); break; }`,
  },
  {
    name: "a stop leaves the starts in the queue",
    from: "if (!call.isStart) continue;",
    to: "if (!call.isStart || Date) continue;",
  },
  {
    name: "the last in the queue goes first",
    from:
      "for (const call of this.#calls ?? []) if (call.isStart) return call; return undefined;",
    to: "return [...this.#calls ?? []].filter((call) => call.isStart).at(-1);",
  },
  {
    name: "a stop does not wait for the stop function",
    from: "this.pending++;",
    to: "this.pending += 0;",
  },
  {
    name: "the stop function is called for a run that ended by itself",
    file: "start_stop/start_stop.ts",
    from: "machine.ended(this, thrown);",
    to:
      "if (!this.signals.aborted) await this.#body.stop(this.signals.force); machine.ended(this, thrown);",
  },
  // Time limits.
  {
    name: "the grace of a start in the queue runs from its call alone",
    from: "for (const call of this.#calls ?? []) call.armGrace();",
    to:
      "for (const call of this.#calls ?? []) if (!call.isStart) call.armGrace();",
  },
  {
    name: "a grace that passes is recorded for each who waits",
    from: "run.isOverdue = true;",
    to: "",
  },
  {
    name: "a grace that passes is not recorded",
    from: 'if (!run.isOverdue) this.record(error, "stop");',
    to: "",
  },
  {
    name: "a grace that passes settles nobody",
    from: "this.cutShort(call, error);",
    to: "",
  },
  {
    name: "readiness that comes too late is not noticed",
    from: "if (machine.settings.awaitReady) limitStart(machine, call!);",
    to: "",
  },
  {
    name: "a timer outlives its call",
    from: "#close(): void { this.#timer?.disarm();",
    to: "#close(): void {",
  },
  // Signals.
  {
    name: "a run that has ended keeps the caller's signal",
    from: "leave(run.source, this); run.context = undefined;",
    to: "",
  },
  {
    name: "an abort of the caller's signal is not heard",
    from: "if (run?.source === source) this.end(run, reasonOf(source));",
    to: "",
  },
  {
    name: "a run that is stopped is not told",
    from: "this.#controller?.abort(this.reason);",
    to: "",
  },
  {
    name: "a run that ends by itself aborts its signal",
    from: "if (--run.pending > 0) return;",
    to: "if (--run.pending > 0) return;" +
      "if (!run.signals.aborted) run.signals.abort(undefined);",
  },
  {
    name: "nobody tells a run that nobody waits for it",
    from: "this.#force?.abort(this.reason);",
    to: "",
  },
  {
    name: "a late look at control.force finds it as new",
    from: "if (this.#stage >= stage) controller.abort(this.reason);",
    to: "if (stage < 2 && this.#stage >= stage) controller.abort(this.reason);",
  },
  // Errors and states.
  {
    name: "the errors of earlier runs stay",
    from: "this.#log = undefined;",
    to: "",
  },
  {
    name: "an error is recorded twice",
    from: "if (this.entries.push(entry) > most) this.entries.shift();",
    to:
      "this.entries.push(entry); if (this.entries.push(entry) > most) this.entries.shift();",
  },
  {
    name: "finished() forgets what the run failed with",
    from: 'this.become({ name: "stopped", failure: run.failure });',
    to: 'this.become({ name: "stopped" });',
  },
  {
    name: "finished() settles between the runs of a restart",
    from: 'if (call.verb === "stop") call.resolve();',
    to: "if (!call.isStart) call.resolve();",
  },
  {
    name: "a clean end of an aborted run is an error",
    from: "if (thrown && !isCleanAbort(thrown.error, run.signals)) {",
    to: "if (thrown) {",
  },
  {
    name: "the oldest errors are kept, not the newest",
    from: "if (this.entries.push(entry) > most) this.entries.shift();",
    to: "if (this.entries.push(entry) > most) this.entries.pop();",
  },
  {
    name: "what is not to be printed is",
    from: "if (isToPrint) printError(",
    to: "if (Date) printError(",
  },
  // Events and observers.
  {
    name: "events are told before the transition is complete",
    from: "if (this.#depth === 1) this.#observers?.tell();",
    to: "this.#observers?.tell();",
  },
  {
    name: "an observer that has left is told",
    from: "if (!this.#seats.has(seat)) continue;",
    to: "",
  },
  {
    name: "an observer is told twice",
    from: "this.#messages.push([event, seat, context]);",
    to: "this.#messages.push([event, seat, context], [event, seat, context]);",
  },
  {
    name: "the depth of transitions is miscounted",
    from: "this.#observers?.tell(); this.#depth--;",
    to: "this.#observers?.tell(); this.#depth = Math.max(0, this.#depth - 2);",
  },
  {
    name: "an observer that rejects is not caught",
    from: 'if (typeof result?.then === "function") void this.#follow(result);',
    to: "void result;",
  },
  // Tickers.
  {
    name: "a tick that outlasts its interval moves the grid",
    from: "this.passed = point;",
    to: "this.passed = point; this.#origin += 1;",
  },
  {
    name: "a stopped ticker does not wait for its tick",
    from: "if (!isIdle) {",
    to: "if (!Date) {",
  },
  {
    name: "the points that a tick covers are not missed",
    from: "this.missed = point - next;",
    to: "this.missed = 0;",
  },
  {
    name: "the timer of a stopped ticker stays",
    from:
      "this.#clock.disarm(this); this.#phase = wasTicking ? ENDING : HALTED;",
    to: "this.#phase = wasTicking ? ENDING : HALTED;",
  },
  {
    name: "a tick that takes too long is not told",
    from: "this.#limit?.arm(tickTimeout - spent, () => this.#expire());",
    to: "void spent;",
  },
  {
    name: "the run of a host's tick outlives it",
    from: "if (isOnly) this.#phase = ENDING;",
    to: "",
  },
  {
    name: "a host's tick moves the grid",
    from: "this.missed = 0; if (this.#calendar) {",
    to: "this.missed = 0; this.passed++; if (this.#calendar) {",
  },
  {
    name: "a host's tick does not hear its signal",
    from: "this.#ended = ended; join(host, this);",
    to: "this.#ended = ended;",
  },
  // Ticks that fail.
  {
    name: "an attempt is made although the next tick would be due before",
    from: "if (wait >= this.#timeLeft()) return false;",
    to: "",
  },
  {
    name: "an attempt that has become too late is made all the same",
    from: "if (left <= 0) return this.#giveUp();",
    to: "",
  },
  {
    name: "an attempt that is not the last is recorded",
    from: "extras.place?.leave(); this.#tell(thrown.error);",
    to: 'extras.place?.leave(); this.machine.record(thrown.error, "tick");',
  },
  {
    name: "there is one attempt too many",
    from: "this.attempts > retry.times",
    to: "this.attempts > retry.times + 1",
  },
  {
    name: "the pauses between attempts do not grow",
    from: "initial * factor ** (this.attempts - 1)",
    to: "initial",
  },
  {
    name: "a stop waits for the next attempt",
    from: "if (this.#extras?.failed) this.#giveUp();",
    to: "",
  },
  {
    name: "what the last attempt failed with is lost where it is given up",
    from: "void Promise.resolve().then(() => this.#ended(failed, true));",
    to: "void Promise.resolve().then(() => this.#ended(undefined, true));",
  },
  {
    name: "a tick that was skipped and fails is tried again",
    from: "if (!extras || this.#outcome || aborted) return false;",
    to: "if (!extras || aborted) return false;",
  },
  {
    name: "one failure more than failAfter is let pass",
    from: "this.#body.facts!.failedInARow >= failAfter",
    to: "this.#body.facts!.failedInARow > failAfter",
  },
  {
    name: "a success does not end a row of failures",
    from: 'if (outcome === "success") this.failedInARow = 0; else if',
    to: "if",
  },
  {
    name: "the failures of the run before count",
    from: "if (body.facts) body.facts.failedInARow = 0;",
    to: "",
  },
  {
    name: "a skipped tick is a failure in a row",
    from: "} else this.skipped++;",
    to: "} else { this.skipped++; this.failedInARow++; }",
  },
];
