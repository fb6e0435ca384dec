import { readdirSync, readFileSync } from 'node:fs';

export interface Sample {
  /** Of `performance.now()`. */
  readonly at: number;
  readonly rssMb: number;
  /** Open files and connections. */
  readonly handles: number;
  /** Used of the heap, garbage that was not collected yet included; absent between the looks at it. */
  readonly heapMb?: number | undefined;
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

/** Used of the heap, as the service tells it; undefined where it does not answer at the moment. */
export async function heapOf(port: number): Promise<number | undefined> {
  const signal = AbortSignal.timeout(5_000);
  // It was killed, or is about to be: there will be another look.
  const metrics = await fetch(`http://127.0.0.1:${port}/metrics`, { signal })
    .then((answer) => answer.text())
    .catch(() => '');
  const bytes = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(metrics)?.[1];
  return bytes === undefined ? undefined : Number(bytes) / 1_048_576;
}

export interface Bounds {
  /** A life that was measured for less says nothing. */
  readonly lifeMinMs: number;
  /** Nor does one that is shorter than this about the floor of its heap. */
  readonly floorLifeMinMs: number;
  /** Of the floor of the heap in the second half of a life to that in the part before it. */
  readonly floorRatioMax: number;
  readonly rssMaxMb: number;
  /** By how much the most handles of the last third may be above the most of the middle third. */
  readonly handlesMax: number;
}

export interface Flatness {
  readonly seconds: number;
  /** The least that was used of the heap from a tenth to the half of the life, and after it; undefined: too short, or not told. */
  readonly floorMb: readonly [earlier: number, later: number] | undefined;
  readonly rssMaxMb: number;
  readonly handles: readonly [middle: number, last: number];
  readonly isFlat: boolean;
}

/**
 * The heap of Node.js fills up and is collected, by turns of minutes: what a process keeps is the floor of that, not the resident set at
 * any moment. A leak lifts the floor. @returns undefined for a life that is too short
 */
export function flatnessOf(samples: readonly Sample[], bounds: Bounds): Flatness | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < bounds.lifeMinMs) return undefined;
  const part = (from: number, to: number): Sample[] =>
    samples.slice(Math.floor(from * samples.length), Math.ceil(to * samples.length));
  const most = (of: readonly Sample[]): number => Math.max(...of.map(({ handles }) => handles));
  const handles = [most(part(1 / 3, 2 / 3)), most(part(2 / 3, 1))] as const;
  const rssMaxMb = Math.max(...samples.map(({ rssMb }) => rssMb));
  const isLong = last.at - first.at >= bounds.floorLifeMinMs;
  const floors = isLong ? [floorOf(part(0.1, 0.5)), floorOf(part(0.5, 1))] : [];
  const [earlier, later] = floors;
  const floorMb = earlier === undefined || later === undefined ? undefined : ([earlier, later] as const);
  return {
    seconds: Math.round((last.at - first.at) / 1_000),
    floorMb,
    rssMaxMb,
    handles,
    isFlat:
      rssMaxMb <= bounds.rssMaxMb &&
      handles[1] - handles[0] <= bounds.handlesMax &&
      (floorMb === undefined || floorMb[1] / floorMb[0] <= bounds.floorRatioMax),
  };
}

function floorOf(samples: readonly Sample[]): number | undefined {
  const told = samples.flatMap(({ heapMb }) => heapMb ?? []);
  return told.length === 0 ? undefined : Math.min(...told);
}
