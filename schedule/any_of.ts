import { text } from "../_internal/errors.ts";
import { warn } from "../_internal/recovery.ts";
import { ranOf } from "../_internal/schedules.ts";
import type { Schedule } from "../runner.ts";
import { ask, scheduleBy, scheduleOf } from "./_schedule.ts";

/** What a member has answered: `next` for every moment from `after` on, before it. */
interface Answer {
  readonly after: number;
  readonly next: number;
}

const NOTHING: Answer = { after: Infinity, next: -Infinity };

/**
 * The runs of several schedules; moments that coincide are one run.
 *
 * What a schedule has answered holds until it is reached: none is asked again from
 * the others' runs. One that throws, or gives no later date, is named once on
 * standard error and left out from then on; where no other has a run left, it
 * throws here, too.
 *
 * @example At noon, and on Mondays at eight as well
 * ```ts
 * import { anyOf, every } from "@golib/runner/schedule";
 * import { assertEquals } from "@std/assert";
 *
 * const day = 24 * 3_600_000;
 * const noon = every(day, { from: new Date("2026-01-01T12:00:00Z") });
 * const monday = every(7 * day, { from: new Date("2026-01-05T08:00:00Z") });
 * const both = anyOf(noon, monday);
 *
 * const first = both.nextRun(new Date("2026-01-04T12:00:00Z"))!;
 * assertEquals(first.toISOString(), "2026-01-05T08:00:00.000Z");
 * const second = both.nextRun(first)!;
 * assertEquals(second.toISOString(), "2026-01-05T12:00:00.000Z");
 * ```
 *
 * @param schedules Any number of them; of none there are no runs.
 * @throws {TypeError} if one is not a schedule.
 */
export function anyOf(...schedules: Schedule[]): Schedule {
  schedules.forEach((each, index) =>
    scheduleOf("create a schedule", `schedules[${index}]`, each)
  );
  const isNamed = new Set<number>();

  /** Says once that a member is not asked any more. */
  function leaveOut(answers: Answer[], index: number, error: unknown): void {
    answers[index] = { after: -Infinity, next: Infinity };
    if (isNamed.has(index)) return;
    isNamed.add(index);
    warn(`anyOf: 'schedules[${index}]' is left out: ${text(error)}`);
  }

  function next(after: number, asker?: object): number {
    const answers = answersOf(asker);
    const failures: [index: number, error: unknown][] = [];
    let first = Infinity;
    for (const [index, each] of schedules.entries()) {
      let answer = answers[index] ?? NOTHING;
      if (after < answer.after || after >= answer.next) {
        try {
          answer = { after, next: ask(each, after, asker) };
          answers[index] = answer;
        } catch (error) {
          failures.push([index, error]);
          continue;
        }
      }
      first = Math.min(first, answer.next);
    }
    if (first === Infinity && failures[0]) throw failures[0][1];
    for (const [index, error] of failures) leaveOut(answers, index, error);
    return first;
  }

  const kept = new WeakMap<object, Answer[]>();
  const others: Answer[] = [];

  function answersOf(asker: object | undefined): Answer[] {
    if (!asker) return others;
    const answers = kept.get(asker) ?? [];
    kept.set(asker, answers);
    return answers;
  }

  function ran(run: number, asker: object): void {
    for (const [index, each] of schedules.entries()) {
      const tell = ranOf(each);
      const isLeftOut = answersOf(asker)[index]?.next === Infinity;
      if (!tell || isLeftOut || ask(each, run - 1, asker) !== run) continue;
      tell(run, asker);
      // What it has answered may be more than it has left.
      delete answersOf(asker)[index];
    }
  }

  return scheduleBy(next, schedules.some(ranOf) ? ran : undefined);
}
