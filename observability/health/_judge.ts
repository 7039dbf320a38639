/** What is wrong with the runners of a tree. */

import { patienceOf, stalledFor, type StallRule } from "../_stall.ts";
import type { Place } from "../_tree.ts";
import type { HealthFinding } from "./report.ts";

/** Milliseconds as a person reads them. */
function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function bad(
  name: string,
  output: string,
  status: "warn" | "fail" = "fail",
): HealthFinding {
  return { name, kind: "runner", status, output };
}

/** Which runners are not up that are to be. */
export function unready(
  places: readonly Place[],
  required: ((path: string) => boolean) | undefined,
  say: (value: unknown) => string,
): HealthFinding[] {
  const found: HealthFinding[] = [];
  // Nobody asks for what is below one that nobody asks for.
  const spared = new Set<Place>();
  for (const place of places) {
    const { path, parent, runner, view } = place;
    if (spared.size > 0 && parent && spared.has(parent)) {
      spared.add(place);
      continue;
    }
    const state = view?.state ?? runner?.state ??
      (runner?.isRunning() ? "running" : "stopped");
    const isOpen = view?.circuit === "open";
    if (state === "running" && !isOpen) continue;
    // One that is down under a supervisor that is up has ended, or was stopped by
    // hand.
    const isAsked = required
      ? !parent || required(path)
      : !parent || state !== "stopped" && view?.restart !== "temporary";
    if (!isAsked) {
      spared.add(place);
      continue;
    }
    const why = view?.error === undefined ? "" : `: ${say(view.error.message)}`;
    found.push(bad(path, `${isOpen ? "its circuit is open" : state}${why}`));
  }
  return found;
}

/** Which runners do not get on. */
export function stalled(
  places: readonly Place[],
  rule: StallRule,
  only: (path: string) => boolean = () => true,
): HealthFinding[] {
  const now = performance.now();
  const found: HealthFinding[] = [];
  for (const place of places) {
    const since = stalledFor(place, rule, now);
    if (since && only(place.path)) {
      found.push(bad(place.path, `stalled for ${ms(since)}`));
    }
  }
  return found;
}

/** Which runners had a last tick that would have been a stall. */
export function slow(
  places: readonly Place[],
  rule: StallRule,
): HealthFinding[] {
  const found: HealthFinding[] = [];
  for (const place of places) {
    const lasted = place.runner?.ticks?.lastDuration ?? 0;
    if (lasted && lasted > patienceOf(place, rule)) {
      found.push(bad(place.path, `its last tick took ${ms(lasted)}`, "warn"));
    }
  }
  return found;
}
