/** What became of the ticks of a ticker, beyond how many there were. */
export class Facts {
  failed = 0;
  failedInARow = 0;
  missed = 0;
  skipped = 0;
  /** Whether anyone has asked for the times, which are not kept before. */
  isTimed = false;
  // In milliseconds on the scale of the clock; NaN where there is none.
  startedAt = NaN;
  succeededAt = NaN;
  duration = NaN;

  /** A tick has ended, at `now`. */
  ended(
    outcome: "success" | "failure" | "skip",
    startedAt: number,
    now: number,
  ): void {
    if (outcome === "success") this.failedInARow = 0;
    else if (outcome === "failure") {
      this.failed++;
      this.failedInARow++;
    } else this.skipped++;
    if (!this.isTimed) return;
    this.startedAt = startedAt;
    this.duration = now - startedAt;
    if (outcome === "success") this.succeededAt = now;
  }
}
