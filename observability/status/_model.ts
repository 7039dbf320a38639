/** What the page shows: one row for each runner, the worst first. */

import type { Health, HealthReport } from "../health/mod.ts";
import type { Metrics, RecentTick } from "../metrics/mod.ts";
import { stalledFor, type StallRule } from "../_stall.ts";
import type { ErrorRecord } from "../../runner.ts";
import { kindOf, loadOf, type Place, type Tree } from "../_tree.ts";

/** How a runner is, in a word; the worst first. */
export const WORDS = [
  "stalled",
  "given up",
  "failed",
  "waiting",
  "failing",
  "stopping",
  "starting",
  "running",
  "stopped",
] as const;

/** How a runner is, in a word. */
export type Word = typeof WORDS[number];

/** An error that a runner recorded. */
export interface ShownError {
  readonly message: string;
  /** When, in milliseconds since 1970, where that is known. */
  readonly at: number | undefined;
}

/** What is known of one runner. All times are in milliseconds. */
export interface Row {
  readonly path: string;
  readonly kind: string;
  readonly word: Word;
  readonly uptime: number;
  /** Until the next run; below 0 where it is late. */
  readonly next: number | undefined;
  /** For how long the tick in flight has been at work. */
  readonly busy: number | undefined;
  /** What goes on at a gate. */
  readonly gate:
    | { readonly running: number; readonly waiting: number }
    | undefined;
  readonly ticks: number | undefined;
  readonly failed: number | undefined;
  readonly missed: number | undefined;
  readonly recent: readonly RecentTick[];
  readonly lastDuration: number | undefined;
  readonly restarts: number | undefined;
  /** Until the next start. */
  readonly attempt: number | undefined;
  readonly error: ShownError | undefined;
}

/** What the page shows at a moment. */
export interface Model {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly rows: readonly Row[];
  /** How many runners there are. */
  readonly total: number;
  /** How many of them are not well. */
  readonly bad: number;
  /** How many others have had ticks that failed. */
  readonly flawed: number;
  readonly health: HealthReport | undefined;
}

/** Where the numbers come from. */
export interface Sources {
  readonly tree: Tree;
  readonly metrics: Metrics | undefined;
  readonly health: Health | undefined;
  /** Which runners count as stalled. */
  readonly rule: StallRule;
  /** Makes a message fit to be shown. */
  say(value: unknown): string;
}

/** How many words, from the worst, mean that a runner is not well. */
const BAD = WORDS.indexOf("failing") + 1;

function wordOf(place: Place, rule: StallRule): Word {
  const { runner, view, parent } = place;
  if (stalledFor(place, rule)) return "stalled";
  if (view?.circuit === "open") return "given up";
  const state = view?.state ?? runner?.state ??
    (runner?.isRunning() ? "running" : "stopped");
  if (state === "running" && runner?.ticks?.failedInARow) return "failing";
  if (state !== "stopped") return state;
  // Its errors are those of its last run.
  const hasFailed = view ? view.error : !parent && runner?.errorsTotal?.();
  return hasFailed ? "failed" : "stopped";
}

function errorOf(
  { runner, view }: Place,
  say: Sources["say"],
): ShownError | undefined {
  let last: ErrorRecord | undefined;
  try {
    last = runner?.errorsLog?.().at(-1);
  } catch {
    // It has none that can be shown.
  }
  const error = last?.error ?? runner?.errorsLast?.() ?? view?.error;
  return error && { message: say(error.message), at: last?.at.getTime() };
}

function rowOf(
  place: Place,
  word: Word,
  { metrics, say }: Sources,
  now: number,
): Row {
  const { path, runner, view, viewedAt } = place;
  const counts = metrics?.read(path);
  const ticks = runner?.ticks;
  const next = runner?.nextRun?.getTime();
  const attempt = view?.nextAttempt;
  const since = runner?.tickingSince;
  return {
    path,
    kind: kindOf(place),
    word,
    uptime: runner?.uptime() ?? 0,
    next: next === undefined ? undefined : next - Date.now(),
    busy: since === undefined ? undefined : now - since,
    gate: loadOf(runner),
    ticks: ticks?.total,
    failed: ticks?.failed,
    missed: ticks?.missed,
    recent: counts?.recent ?? [],
    lastDuration: ticks?.lastDuration,
    restarts: view?.restarts,
    attempt: attempt === undefined ? undefined : attempt - now + viewedAt,
    error: errorOf(place, say),
  };
}

/** Looks at all runners, and closer at the worst of them. */
export async function modelOf(
  sources: Sources,
  most: number,
): Promise<Model> {
  const places = sources.tree.places();
  const now = performance.now();
  const found = places.map((place) => {
    const word = wordOf(place, sources.rule);
    const failed = word === "running" && place.runner?.ticks?.failed ? 0.5 : 0;
    return { place, word, failed, rank: WORDS.indexOf(word) - failed };
  });
  const flawed = found.filter(({ failed }) => failed).length;
  const bad = found.filter(({ rank }) => rank < BAD).length;
  // Those alike stay in the order of the tree.
  found.sort((a, b) => a.rank - b.rank);
  const rows = found.slice(0, most).map(({ place, word }) =>
    rowOf(place, word, sources, now)
  );
  const health = await sources.health?.check("health");
  return { at: Date.now(), rows, total: places.length, bad, flawed, health };
}
