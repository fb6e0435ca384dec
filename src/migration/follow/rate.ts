/** The time that a rate speaks of. */
const WINDOW_MS = 5000;
const MAX_MARKS = 128;

/** How fast a count grew lately. */
export class Rate {
  private readonly marks: { count: number; atMs: number }[] = [];

  /** Takes the count of a moment. @returns how much it grew a second over the last seconds */
  of(count: number, nowMs: number): number {
    // A count that began anew says nothing of before.
    if (count < (this.marks.at(-1)?.count ?? 0)) this.marks.length = 0;
    const newest = this.marks.at(-1);
    if (newest === undefined || nowMs - newest.atMs >= WINDOW_MS / MAX_MARKS)
      this.marks.push({ count, atMs: nowMs });
    while (this.marks.length > 2 && nowMs - this.marks[1]!.atMs > WINDOW_MS) this.marks.shift();
    const oldest = this.marks[0]!;
    const elapsedMs = nowMs - oldest.atMs;
    return elapsedMs < 1 ? 0 : Math.round(((count - oldest.count) * 1000) / elapsedMs);
  }
}
