import { readdirSync, readFileSync } from 'node:fs';
import { quantile } from './statistics.ts';

export interface Sample {
  /** Of `performance.now()`. */
  readonly at: number;
  readonly rssMb: number;
  /** Open files and connections. */
  readonly handles: number;
}

/** What a process holds; undefined where it is gone, or where the system does not tell (it does on Linux). */
export function sampleOf(pid: number): Sample | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    if (Number.isNaN(kilobytes)) return undefined;
    const handles = readdirSync(`/proc/${pid}/fd`).length;
    return { at: performance.now(), rssMb: kilobytes / 1_024, handles };
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code)))
      return undefined;
    throw error;
  }
}

export interface Bounds {
  /** A life that was measured for less says nothing. */
  readonly lifeMinMs: number;
  /** By how much the straight line through what follows the first third may rise, as a part of its middle. */
  readonly growthMax: number;
  /** Of the median of the last fifth to that of the second fifth. */
  readonly ratioMax: number;
  /** By how much the most handles of the last third may be above the most of the middle third. */
  readonly handlesMax: number;
}

export interface Flatness {
  readonly seconds: number;
  readonly growth: number;
  readonly ratio: number;
  readonly handles: readonly [middle: number, last: number];
  readonly medianMb: number;
  readonly isFlat: boolean;
}

/** @returns undefined for a life that is too short */
export function flatnessOf(samples: readonly Sample[], bounds: Bounds): Flatness | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < bounds.lifeMinMs) return undefined;
  const part = (from: number, to: number): Sample[] =>
    samples.slice(Math.floor(from * samples.length), Math.ceil(to * samples.length));
  const rss = (of: readonly Sample[]): number[] => of.map(({ rssMb }) => rssMb);
  const growth = growthOf(part(1 / 3, 1));
  const ratio = quantile(rss(part(0.8, 1)), 0.5) / quantile(rss(part(0.2, 0.4)), 0.5);
  const most = (of: readonly Sample[]): number => Math.max(...of.map(({ handles }) => handles));
  const handles = [most(part(1 / 3, 2 / 3)), most(part(2 / 3, 1))] as const;
  return {
    seconds: Math.round((last.at - first.at) / 1_000),
    growth,
    ratio,
    handles,
    medianMb: quantile(rss(samples), 0.5),
    isFlat:
      growth <= bounds.growthMax && ratio <= bounds.ratioMax && handles[1] - handles[0] <= bounds.handlesMax,
  };
}

/** The rise of the least-squares line from the first to the last sample, as a part of its middle. */
export function growthOf(samples: readonly Sample[]): number {
  const count = samples.length;
  const meanAt = samples.reduce((sum, { at }) => sum + at, 0) / count;
  const meanMb = samples.reduce((sum, { rssMb }) => sum + rssMb, 0) / count;
  const covariance = samples.reduce((sum, { at, rssMb }) => sum + (at - meanAt) * (rssMb - meanMb), 0);
  const variance = samples.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  if (variance === 0) return 0;
  return ((covariance / variance) * (samples.at(-1)!.at - samples[0]!.at)) / meanMb;
}
