/** What happened in one interval. */
export interface Interval {
  fault: string;
  /** From the fault until everything was whole again. */
  faultMs: number;
  requests: number;
  acknowledged: number;
  refused: number;
  /** The longest time in which a caller got nothing but refusals, in ms, by the interval in which it ended. */
  longestMs: number;
  /** How long the oldest value that was given had been written over. */
  stalestMs: number;
  readonly latencies: number[];
  rssMb: (number | undefined)[];
}

/** Counts by interval of the soak. */
export class Statistics {
  readonly intervals: Interval[] = [];
  readonly codes = new Map<string, number>();

  begin(): void {
    this.intervals.push({
      fault: '',
      faultMs: 0,
      requests: 0,
      acknowledged: 0,
      refused: 0,
      longestMs: 0,
      stalestMs: 0,
      latencies: [],
      rssMb: [],
    });
  }

  get now(): Interval {
    return this.intervals.at(-1)!;
  }

  answered(ms: number): void {
    this.now.requests += 1;
    this.now.latencies.push(ms);
  }

  refused(code: string): void {
    this.now.requests += 1;
    this.now.refused += 1;
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }

  stale(ms: number): void {
    this.now.stalestMs = Math.max(this.now.stalestMs, ms);
  }

  stretch(from: number, to: number): void {
    this.now.longestMs = Math.max(this.now.longestMs, to - from);
  }
}

/** @param part 0.5 for the median; of nothing it is 0 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
