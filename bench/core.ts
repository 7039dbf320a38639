// What the core costs, next to its goals: `npm run bench:core [-- --smoke]`.
//
// The goals are those of two virtual cores at rest. Nothing fails where one is
// missed: a benchmark measures, and the machine may be busy.

import process from "node:process";
import { StartStop, Ticker, untilAborted } from "../mod.ts";
import {
  bytes,
  engine,
  microseconds,
  nanoseconds,
  printTable,
  quantile,
} from "./_measure.ts";

const smoke = process.argv.includes("--smoke");
const rounds = smoke ? 1 : 5;
const cycles = smoke ? 500 : 10_000;
const ticks = smoke ? 100 : 1_000;
const HOUR = 3_600_000;
const INTERVAL = 10;

const idle = () => new StartStop((signal) => untilAborted(signal));
const hourly = () => new Ticker(HOUR, () => {});

/** Some of each state, in turn, so that no engine can know the answer. */
async function turns<T>(call: (runner: StartStop) => T) {
  const runners = Array.from({ length: 8 }, idle);
  await Promise.all(
    runners.filter((_each, index) => index % 2).map((each) => each.start()),
  );
  let index = 0;
  return {
    call: () => call(runners[index++ & 7]!),
    end: () => Promise.all(runners.map((each) => each.stop())),
  };
}

async function reads(): Promise<string[][]> {
  const isRunning = await turns((runner) => runner.isRunning());
  const state = await turns((runner) => runner.state);
  const running = idle();
  await running.start();
  const time = await nanoseconds({
    isRunning: isRunning.call,
    state: state.call,
    uptime: () => running.uptime(),
    now: () => performance.now(),
  }, rounds);
  const size = {
    isRunning: bytes(isRunning.call),
    state: bytes(state.call),
    object: bytes(() => ({})),
  };
  await Promise.all([isRunning.end(), state.end(), running.stop()]);

  const read = (name: "isRunning" | "state", title: string) => [
    title,
    "< 10 ns, no allocation",
    `${time[name]!.toFixed(1)} ns, ${size[name].toFixed(1)} bytes`,
    mark(time[name]! < 10 && size[name] < 0.5),
  ];
  const ratio = time["uptime"]! / time["now"]!;
  return [
    read("isRunning", "isRunning()"),
    read("state", "state"),
    ["{}, to compare", "", `${size.object.toFixed(1)} bytes`, ""],
    [
      "uptime()",
      "<= 1.5 x performance.now()",
      `${ratio.toFixed(2)} x (${time["uptime"]!.toFixed(1)} / ${
        time["now"]!.toFixed(1)
      } ns)`,
      mark(ratio <= 1.5),
    ],
  ];
}

async function cyclesOf(
  title: string,
  runner: StartStop | Ticker,
  original: string,
): Promise<string[]> {
  const found = await microseconds(async () => {
    await runner.start();
    await runner.stop();
  }, cycles);
  return [
    `start and stop, ${title}`,
    `(the Go original: ${original})`,
    `median ${quantile(found, 0.5).toFixed(1)} µs, p99 ${
      quantile(found, 0.99).toFixed(1)
    } µs`,
    "",
  ];
}

/** How late the last 100 of some ticks come, in ms, against the ideal grid. */
async function lateness(
  run: (tick: (missed: number) => boolean) => Promise<void>,
): Promise<number> {
  const late: number[] = [];
  let due = performance.now();
  await run((missed) => {
    due += (1 + missed) * INTERVAL;
    late.push(performance.now() - due);
    return late.length < ticks;
  });
  return quantile(late.slice(-100), 0.5);
}

async function grid(): Promise<string[][]> {
  let skipped = 0;
  const ticker = await lateness(async (tick) => {
    const runner = new Ticker(INTERVAL, (_signal, control) => {
      skipped += control.missed;
      if (!tick(control.missed)) control.stop();
    });
    await runner.start();
    await runner.finished();
  });
  const bare = await lateness((tick) =>
    new Promise((resolve) => {
      const timer = setInterval(() => {
        if (tick(0)) return;
        clearInterval(timer);
        resolve();
      }, INTERVAL);
    })
  );
  return [
    [
      `last 100 of ${ticks} ticks of 10 ms`,
      "median late by <= 2 ms",
      `${ticker.toFixed(2)} ms (${skipped} missed)`,
      mark(ticker <= 2),
    ],
    ["the same by setInterval", "", `${bare.toFixed(2)} ms`, ""],
  ];
}

function mark(reached: boolean): string {
  return reached ? "yes" : "NO";
}

printTable([
  [engine(), "goal", "measured", "reached"],
  ...await reads(),
  await cyclesOf("StartStop", idle(), "2.9 µs, p99 38 µs"),
  await cyclesOf("Ticker of an hour", hourly(), "1,107 µs, p99 2,259 µs"),
  ...await grid(),
]);
