import type { Deadline } from './deadline.ts';
import { StockroomProblem } from './problem.ts';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Does it, and again while it fails in a way that may be over in a moment, at most `retries` times. Between two tries is a random time,
 * so that many callers do not come back at once, behind what the service asked for. When the deadline comes first there is no more try.
 * @throws what the last try threw
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { retries, deadline }: { retries: number; deadline: Deadline },
): Promise<T> {
  for (let done = 0; ; done += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (done >= retries || !isPassing(error)) throw error;
      const jitterMs = Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** done);
      const waitMs = (error.retryAfterMs ?? 0) + jitterMs;
      if (waitMs >= deadline.leftMs) throw error;
      await deadline.pause(waitMs);
    }
  }
}

function isPassing(error: unknown): error is StockroomProblem {
  if (!(error instanceof StockroomProblem)) return false;
  return error.status === 429 || error.status === 503 || error.code === 'CONNECTION_LOST';
}
