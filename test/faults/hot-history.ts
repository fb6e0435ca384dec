import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'vitest';

export type Operation = 'get' | 'getOrSet' | 'set' | 'delete';

/** One call of somebody, as it was: times are of `performance.now()`. */
export interface Call {
  readonly operation: Operation;
  /** The number of the cache. */
  readonly by: number;
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** What was read, or written. */
  readonly version: number | undefined;
  /** Of a write. */
  readonly acknowledged: boolean;
  readonly error: unknown;
}

/**
 * Calls of the hot tier that an operation makes one after the other at the most: the mark of the namespace may have to be
 * read, made, found to be of an earlier life of the server, dropped and made again; then the entry is written. A read
 * asks for its entry beside the mark.
 */
const CALLS = { get: 4, set: 5, delete: 1 } as const;
/** For a busy machine, beside the longest stall of the event loop that was measured. */
const MARGIN_MS = 500;

export interface Bounds {
  /** Of one call of the hot tier. */
  readonly timeoutMs: number;
  /** Of getOrSet. */
  readonly hardTimeoutMs: number;
  readonly heartbeatMs: number;
}

export interface Figures {
  readonly calls: number;
  /** Writes. */
  readonly acknowledged: number;
  readonly refused: number;
  readonly longestMs: Readonly<Record<Operation, number>>;
  /** The longest stall of the event loop. */
  readonly stallMs: number;
}

/** A record of every call, and what must hold for all of them. Versions of a key rise. */
export class History {
  readonly calls: Call[] = [];
  /** The newest version of each key, whether its write was acknowledged or not. */
  readonly truth = new Map<string, number>();
  readonly #stalls = monitorEventLoopDelay({ resolution: 10 });

  constructor() {
    this.#stalls.enable();
  }

  close(): void {
    this.#stalls.disable();
  }

  /** Does something for some keys. @param work gives for each what was read or written */
  async record(
    operation: Operation,
    by: number,
    keys: readonly string[],
    work: () => Promise<{ versions: readonly (number | undefined)[]; acknowledged?: boolean }>,
  ): Promise<Call[]> {
    const start = performance.now();
    let done: { versions: readonly (number | undefined)[]; acknowledged?: boolean } = { versions: [] };
    let error: unknown;
    try {
      done = await work();
    } catch (thrown) {
      error = thrown;
    }
    const end = performance.now();
    const { versions, acknowledged = false } = done;
    const calls = keys.map((key, at): Call => {
      return { operation, by, key, start, end, version: versions[at], acknowledged, error };
    });
    this.calls.push(...calls);
    return calls;
  }

  /** No error, nobody waited too long, and no wrong value: see `staleCalls`. */
  verify({ timeoutMs, hardTimeoutMs, heartbeatMs }: Bounds): Figures {
    const errors = this.calls.filter(({ error }) => error !== undefined);
    expect(errors.slice(0, 3), `${errors.length} calls failed`).toEqual([]);
    const stallMs = this.#stalls.max / 1e6;
    const longestMs = { get: 0, getOrSet: 0, set: 0, delete: 0 };
    for (const { operation, start, end } of this.calls)
      longestMs[operation] = Math.max(longestMs[operation], end - start);
    const spareMs = MARGIN_MS + stallMs;
    for (const operation of ['get', 'set', 'delete'] as const)
      expect(longestMs[operation], operation).toBeLessThan(CALLS[operation] * timeoutMs + spareMs);
    expect(longestMs.getOrSet, 'getOrSet').toBeLessThan(hardTimeoutMs + spareMs);
    const stale = this.staleCalls(heartbeatMs);
    const wrong = `${stale.length} of ${this.calls.length} calls were answered wrongly`;
    expect(stale.slice(0, 5), wrong).toEqual([]);
    const writes = this.calls.filter(({ operation }) => operation === 'set');
    const acknowledged = writes.filter((call) => call.acknowledged).length;
    const refused = writes.length - acknowledged;
    return { calls: this.calls.length, acknowledged, refused, longestMs, stallMs };
  }

  /**
   * Reads of a version older than one that was acknowledged before: at once for the process that wrote it, after `heartbeatMs`
   * for any other. And reads of what nobody wrote.
   */
  staleCalls(heartbeatMs: number): (Call & { readonly expected: number })[] {
    const writes = new Map<string, Call[]>([...this.truth.keys()].map((key) => [key, []]));
    for (const call of this.calls)
      if (call.operation === 'set' && call.acknowledged) writes.get(call.key)!.push(call);
    for (const each of writes.values()) each.sort((a, b) => a.end - b.end);
    const stale: (Call & { expected: number })[] = [];
    for (const call of this.calls) {
      if (call.version === undefined || call.operation === 'set') continue;
      const known = writes.get(call.key) ?? [];
      let at = known.length - 1;
      while (at >= 0 && !mustBeSeen(known[at]!, call, heartbeatMs)) at -= 1;
      const expected = known[at]?.version ?? 0;
      const invented = call.version > (this.truth.get(call.key) ?? 0);
      if (call.version < expected || invented) stale.push({ ...call, expected });
    }
    return stale;
  }
}

function mustBeSeen(write: Call, read: Call, heartbeatMs: number): boolean {
  return write.end + (write.by === read.by ? 0 : heartbeatMs) < read.start;
}
