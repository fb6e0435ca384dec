import type { Clock } from './clock.ts';

/**
 * Times of a clock with six decimals, each later than the one before: what one process does twice in a millisecond keeps its
 * order, as PostgreSQL's microseconds have room for it. A clock that is set back stands still until it is past the last time.
 */
export function createStamps(clock: Clock): () => string {
  let lastMs = Number.NEGATIVE_INFINITY;
  let micros = 0;
  return () => {
    const now = clock().getTime();
    if (now > lastMs) {
      lastMs = now;
      micros = 0;
    } else if (micros < 999) micros += 1;
    else {
      lastMs += 1;
      micros = 0;
    }
    return `${new Date(lastMs).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
  };
}
