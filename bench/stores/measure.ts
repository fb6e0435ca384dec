import { setImmediate as turn } from 'node:timers/promises';

/** When calls count, in milliseconds since 1970; before `from` both sides warm up. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One side in one cell. */
export interface Cell {
  /** Calls that ended well within the span, per second. */
  readonly rate: number;
  /** Calls that gave up: "database is locked". */
  readonly locked: number;
  /** Reads of a file that another process was writing. */
  readonly torn: number;
}

export interface Times {
  readonly warmUpMs: number;
  readonly ms: number;
}

/** The event loop gets a turn at least so often. */
const TURN_MS = 5;
/** For a message to reach the processes. */
const START_MS = 50;

export const now = (): number => performance.timeOrigin + performance.now();

export function spanOf({ warmUpMs, ms }: Times): Span {
  const from = now() + START_MS + warmUpMs;
  return { from, to: from + ms };
}

/** Milliseconds from now. */
export const endOf = ({ to }: Span): number => Math.max(0, to - now());

export interface OwnCell {
  readonly rate: number;
  readonly acknowledged: number;
  readonly failed: number;
}

/** So many callers of ours, each with one call after the other. A call that fails is a result, not the end of the benchmark. */
export async function measure(
  op: (n: number) => Promise<unknown>,
  callers: number,
  { from, to }: Span,
): Promise<OwnCell> {
  let [calls, acknowledged, failed] = [0, 0, 0];
  let turned = now();
  const call = async (caller: number): Promise<void> => {
    for (let n = caller, began = now(); began < to; n += callers) {
      const done = await op(n).then(() => true, tell);
      const ended = now();
      if (done) acknowledged++;
      else failed++;
      if (done && ended >= from && ended <= to) calls++;
      began = ended;
      // What answers out of the process would let nothing else happen in it: no server does so.
      if (ended - turned > TURN_MS) {
        await turn();
        turned = now();
      }
    }
  };
  const tell = (error: unknown): false => {
    if (failed === 0) console.error(`  a call of ours failed: ${String(error).split('\n')[0]}`);
    return false;
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return { rate: (calls / (to - from)) * 1_000, acknowledged, failed };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
