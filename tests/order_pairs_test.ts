// Every pair of calls made at once, in both orders, from every state.

import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Runner, type RunnerState, Ticker } from "@golib/runner";
import { gate, type Outcome, serve, turns, watch } from "./_helpers.ts";

// ok: it resolves; off: it rejects with an AbortError; waits: it is pending
// though all is quiet. `runs` counts the launches, that of the set-up included;
// `before` is what becomes of the call that the set-up made.
const TABLE = `
from     first    second   before first second state   runs
stopped  start    start    -      ok    ok     running  2
stopped  start    stop     -      ok    ok     stopped  1
stopped  start    restart  -      ok    ok     running  2
stopped  start    finished -      ok    waits  running  1
stopped  stop     start    -      ok    ok     running  1
stopped  stop     stop     -      ok    ok     stopped  0
stopped  stop     restart  -      ok    ok     running  1
stopped  stop     finished -      ok    ok     stopped  0
stopped  restart  start    -      ok    ok     running  2
stopped  restart  stop     -      ok    ok     stopped  1
stopped  restart  restart  -      ok    ok     running  2
stopped  restart  finished -      ok    waits  running  1
stopped  finished start    -      ok    ok     running  1
stopped  finished stop     -      ok    ok     stopped  0
stopped  finished restart  -      ok    ok     running  1
stopped  finished finished -      ok    ok     stopped  0

starting start    start    off    ok    ok     running  3
starting start    stop     off    off   ok     stopped  1
starting start    restart  off    ok    ok     running  3
starting start    finished off    ok    waits  running  2
starting stop     start    off    ok    ok     running  2
starting stop     stop     off    ok    ok     stopped  1
starting stop     restart  off    ok    ok     running  2
starting stop     finished off    ok    ok     stopped  1
starting restart  start    off    ok    ok     running  3
starting restart  stop     off    off   ok     stopped  1
starting restart  restart  off    ok    ok     running  3
starting restart  finished off    ok    waits  running  2
starting finished start    off    waits ok     running  2
starting finished stop     off    ok    ok     stopped  1
starting finished restart  off    waits ok     running  2
starting finished finished waits  waits waits  starting 1

running  start    start    ok     ok    ok     running  3
running  start    stop     ok     off   ok     stopped  1
running  start    restart  ok     ok    ok     running  3
running  start    finished ok     ok    waits  running  2
running  stop     start    ok     ok    ok     running  2
running  stop     stop     ok     ok    ok     stopped  1
running  stop     restart  ok     ok    ok     running  2
running  stop     finished ok     ok    ok     stopped  1
running  restart  start    ok     ok    ok     running  3
running  restart  stop     ok     off   ok     stopped  1
running  restart  restart  ok     ok    ok     running  3
running  restart  finished ok     ok    waits  running  2
running  finished start    ok     waits ok     running  2
running  finished stop     ok     ok    ok     stopped  1
running  finished restart  ok     waits ok     running  2
running  finished finished ok     waits waits  running  1

stopping start    start    ok     ok    ok     running  3
stopping start    stop     ok     off   ok     stopped  1
stopping start    restart  ok     ok    ok     running  3
stopping start    finished ok     ok    waits  running  2
stopping stop     start    ok     ok    ok     running  2
stopping stop     stop     ok     ok    ok     stopped  1
stopping stop     restart  ok     ok    ok     running  2
stopping stop     finished ok     ok    ok     stopped  1
stopping restart  start    ok     ok    ok     running  3
stopping restart  stop     ok     off   ok     stopped  1
stopping restart  restart  ok     ok    ok     running  3
stopping restart  finished ok     ok    waits  running  2
stopping finished start    ok     waits ok     running  2
stopping finished stop     ok     ok    ok     stopped  1
stopping finished restart  ok     waits ok     running  2
stopping finished finished ok     ok    ok     stopped  1
`;

const ROWS = TABLE.trim().split("\n").slice(1).filter(Boolean)
  .map((line) => line.split(/ +/));

type Verb = "start" | "stop" | "restart" | "finished";
type Subject = Runner & { state: RunnerState; finished(): Promise<void> };

function seen(outcome: Outcome | undefined): string {
  switch (outcome?.status) {
    case undefined:
      return "-";
    case "pending":
      return "waits";
    case "resolved":
      return "ok";
    default:
      return (outcome!.reason as Error).name === "AbortError"
        ? "off"
        : String(outcome!.reason);
  }
}

async function setUp(runner: Subject, from: string, makeReady: () => void) {
  if (from === "stopped") return undefined;
  const started = watch(runner.start());
  if (from === "starting") return started;
  makeReady();
  await turns();
  return from === "running" ? started : watch(runner.stop());
}

describe("two calls at once of a StartStop", () => {
  for (const [from, one, other, ...expected] of ROWS) {
    it(`from ${from}: ${one}(), then ${other}()`, async () => {
      const service = serve({ awaitReady: true }, {
        stubborn: true,
        begin(run, index) {
          if (index > 0 || from !== "starting") run.control.ready();
          run.signal.addEventListener("abort", () => {
            if (from !== "stopping") run.end.open();
          });
        },
      });
      const { runner } = service;
      const before = await setUp(runner, from!, () => {});
      assertEquals(runner.state, from);
      const calls = [one, other].map((verb) => watch(runner[verb as Verb]()));
      // Nothing is decided yet where the old run has still to end.
      for (let run = 0; run < 3; run++) {
        await turns();
        if (runner.state === "stopping") service.run().end.open();
      }
      await turns();
      assertEquals(
        [
          ...[before, ...calls].map(seen),
          runner.state,
          String(service.runs.length),
        ],
        expected,
      );
      assertEquals([service.most > 1, runner.errorsTotal()], [false, 0]);
      runner.stop();
      service.run()?.end.open();
      await runner.finished();
    });
  }
});

describe("two calls at once of a Ticker", () => {
  for (const [from, one, other, ...expected] of ROWS) {
    if (from === "starting") continue;
    it(`from ${from}: ${one}(), then ${other}()`, async () => {
      let held = gate();
      let [launches, live, most] = [0, 0, 0];
      const runner = new Ticker(3_600_000, async (signal) => {
        launches++;
        most = Math.max(most, ++live);
        held = gate();
        if (from !== "stopping") {
          signal.addEventListener("abort", () => held.open());
        }
        await held.promise;
        live--;
      }, { immediate: true });
      const before = await setUp(runner, from!, () => {});
      assertEquals(runner.state, from);
      const calls = [one, other].map((verb) => watch(runner[verb as Verb]()));
      for (let run = 0; run < 3; run++) {
        await turns();
        if (runner.state === "stopping") held.open();
      }
      await turns();
      assertEquals(
        [...[before, ...calls].map(seen), runner.state, String(launches)],
        expected,
      );
      assertEquals([most > 1, runner.errorsTotal()], [false, 0]);
      const stopped = runner.stop();
      held.open();
      await stopped;
    });
  }
});
