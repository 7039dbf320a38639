/** What keeps a process alive when its program has ended. */

import { warn } from "../_internal/recovery.ts";
import { LONGEST } from "../_internal/timer.ts";
import { holders, type Process, unrefTimeout } from "./_process.ts";

/** How many programs run: one may follow the other, or stand beside it. */
let programs = 0;
/** Whether one of them did not end in its time. */
let isOverdue = false;

export function begun(): void {
  programs++;
}

/** When and whether something is done about it. */
export interface Ending {
  readonly forceExit: number;
  readonly naming: number;
  /** Whether the program was asked to stop. */
  readonly isTold: boolean;
  readonly isLate: boolean;
}

/** A program has ended: has the process named what holds it, or ended. */
export function ended(process: Process | undefined, ending: Ending): void {
  programs--;
  isOverdue ||= ending.isLate;
  if (!process) return;
  const { forceExit, naming, isTold } = ending;
  const name = (end: string) => {
    const what = holders(process);
    warn(
      `The program has ended, but something keeps the process alive${end}: ${what}`,
    );
  };
  if (isTold || isOverdue) {
    if (forceExit < Infinity && isWatchedByBun(process)) {
      process.on("beforeExit", () => {
        if (programs === 0) process.exit();
      });
    }
    later(forceExit, () => {
      name("; it is ended now");
      process.exit();
    });
    if (naming === forceExit) return;
  }
  later(naming, () => name(""));
}

/**
 * Whether it is a process that `bun --watch` keeps when nothing else does: it then
 * runs no timer that does not keep it alive itself.
 */
function isWatchedByBun({ versions, execArgv }: Process): boolean {
  return versions.bun !== undefined && execArgv?.includes("--watch") === true;
}

/** Does something, if the process is still there and no program keeps it so. */
function later(ms: number, work: () => void): void {
  if (ms === Infinity) return;
  unrefTimeout(() => {
    if (programs === 0) work();
  }, Math.min(ms, LONGEST));
}
