/**
 * What must not compile, and what must. Nothing here runs: `npm run check` and
 * `npm run test:package` compile it, and an expected error that does not come is
 * an error.
 */

import {
  type Errors,
  runNbr,
  type Runner,
  type RunnerEvent,
  type RunnerState,
  runTick,
  type Schedule,
  StartStop,
  Ticker,
  type TickFunction,
  untilAborted,
} from "@golib/runner";
import { Reloadable } from "@golib/runner/reload";
import { every, preview } from "@golib/runner/schedule";
import { main, shutdownSignal } from "@golib/runner/shutdown";
import { StartStop as StartStopAlone } from "@golib/runner/start-stop";
import { Supervisor } from "@golib/runner/supervisor";
import { Ticker as TickerAlone } from "@golib/runner/ticker";
import { recoveryCaller } from "@golib/runner/tools";

declare const signal: AbortSignal;
const idle = (): void => {};

/** What constructors take. */
export function constructors(): void {
  // @ts-expect-error: without a start function
  new StartStop();
  // @ts-expect-error: the start function is no function
  new StartStop("start");
  // @ts-expect-error: no such option, in the place of the stop function
  new StartStop(idle, { title: "x" });
  // @ts-expect-error: null is not absent
  new StartStop(idle, null);
  // @ts-expect-error: no such option
  new StartStop(idle, idle, { title: "x" });
  // @ts-expect-error: an option of the ticker's
  new StartStop(idle, idle, { immediate: true });
  // @ts-expect-error: a number is not a name
  new StartStop(idle, idle, { name: 1 });
  // @ts-expect-error: without a tick
  new Ticker(1_000);
  // @ts-expect-error: the two arguments the wrong way round
  new Ticker(idle, 1_000);
  // @ts-expect-error: a duration in words
  new Ticker("1s", idle);
  // @ts-expect-error: an option of the service's
  new Ticker(1_000, idle, { awaitReady: true });
  // @ts-expect-error: a schedule that gives a number
  new Ticker({ nextRun: () => 5 }, idle);
  // @ts-expect-error: a tick with a parameter that nobody gives
  new Ticker(1_000, (_signal, _control, _third: number) => {});
  // @ts-expect-error: a child that is no runner
  new Supervisor([{ runner: idle }]);
  // @ts-expect-error: no such restart
  new Supervisor([{ runner: new Ticker(1, idle), restart: "sometimes" }]);
  // @ts-expect-error: no such strategy
  new Supervisor([], { strategy: "one" });
  // @ts-expect-error: a factory that makes no runner
  new Reloadable(() => 1);
}

/** What methods take, and what they give. */
export async function methods(ticker: Ticker, service: StartStop) {
  // @ts-expect-error: a signal in the place of the options
  await ticker.start(signal);
  // @ts-expect-error: a controller in the place of its signal
  await ticker.start({ signal: new AbortController() });
  // @ts-expect-error: a duration in words
  await ticker.stop({ timeout: "1s" });
  // @ts-expect-error: `finished` has no limit of its own
  await ticker.finished({ timeout: 1_000 });
  // @ts-expect-error: the state is not the user's to set
  ticker.state = "running";
  // @ts-expect-error: nor is the name
  service.name = "other";
  // @ts-expect-error: no such state
  if (service.state === "paused") return;
  // @ts-expect-error: a promise is not a boolean
  const started: boolean = service.start();
  // @ts-expect-error: there may be no error
  ticker.errorsLast().message;
  // @ts-expect-error: an observer that wants something else
  ticker.observe((event: string) => event);
  return started;
}

/** What the functions of a run are given. */
export function controls(): void {
  new StartStop((given, control) => {
    // @ts-expect-error: a run does not abort its own signal
    given.abort();
    // @ts-expect-error: a control of the ticker's
    control.reset(10);
    // @ts-expect-error: read only
    control.force = given;
  });
  new Ticker(1_000, (_given, control) => {
    // @ts-expect-error: a control of the service's
    control.ready();
    // @ts-expect-error: read only
    control.missed = 0;
  });
}

/** What events tell, each by its type. */
export function events(event: RunnerEvent): unknown {
  // @ts-expect-error: only an error event has a phase
  event.phase;
  // @ts-expect-error: only a tick event has what was missed
  event.missed;
  // @ts-expect-error: no such type yet
  if (event.type === "reset") return;
  switch (event.type) {
    case "state":
      return event.to satisfies RunnerState;
    case "error":
      return event.error satisfies Error;
    case "tick":
      // @ts-expect-error: a tick may have no error
      return event.error satisfies Error;
    case "notice":
      return event.message satisfies string;
    case "listening":
      return event.url satisfies URL;
  }
}

/** The tools. */
export async function tools(): Promise<void> {
  // @ts-expect-error: without a limit
  await runNbr(() => true);
  // @ts-expect-error: without a limit
  await runTick(() => true, { interval: 10 });
  // @ts-expect-error: a check that says nothing
  await runNbr(() => {}, { max: 1 });
  // @ts-expect-error: a controller is not a signal
  await untilAborted(new AbortController());
  // @ts-expect-error: without a name
  recoveryCaller();
  // @ts-expect-error: no such signal
  shutdownSignal({ signals: ["SIGNAL"] });
  // @ts-expect-error: no runner
  await main(idle);
  // @ts-expect-error: a number of nothing
  every("1h");
  // @ts-expect-error: no schedule
  preview(10);
}

/** What must compile. */
export async function fine(): Promise<unknown[]> {
  await using ticker = new Ticker(
    1_000,
    async () => await untilAborted(signal),
  );
  const runner: Runner = ticker;
  const errors: Errors = ticker;
  const disposable: AsyncDisposable = new Supervisor([{ runner: ticker }]);
  const schedule: Schedule = every(60_000);
  const tick: TickFunction = (_signal, { reset, stop, missed }) =>
    missed > 3 ? stop() : reset(schedule);
  const same: Ticker = new TickerAlone(schedule, tick, {
    name: undefined,
    observer: (event) => event.type,
  });
  const alone: StartStop = new StartStopAlone(async (given, { ready }) => {
    await fetch("http://localhost/", { signal: given });
    ready();
  });
  const options: { signal?: AbortSignal | undefined } = {};
  await alone.start(options);
  const absent = undefined;
  new Supervisor([{ runner: ticker, dependsOn: absent, stopTimeout: absent }], {
    backoff: { initial: absent, random: absent },
    intensity: { then: absent },
    strategy: absent,
    observer: absent,
  });
  void main(ticker, { drainDelay: absent, notReady: absent });
  shutdownSignal({ signals: absent });
  preview(every(1_000, { from: absent }), { count: absent });
  const reloadable = new Reloadable(() => new Ticker(1, idle));
  const current: Ticker | undefined = reloadable.current;
  return [runner, errors, disposable, same, current];
}
