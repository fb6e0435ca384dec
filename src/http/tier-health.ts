import { messageOf, StockroomError } from '../core/errors.ts';
import type { MigrationHistoryOptions } from '../migration/history.ts';
import type { HotTier } from '../tiers/hot/index.ts';

/** The durable tier, named through the layers below: the service knows what it does and never what it is made of. */
export type Durable = MigrationHistoryOptions['durable'];

/** A probe asks again soon; one that waits longer than it is asked would only pile up. */
export const PING_DEADLINE_MS = 2_000;

export type TierHealth =
  | { state: 'up'; latencyMs: number; version: string }
  | { state: 'down'; reason: string; cause: unknown };

/** Asks PostgreSQL for a sign of life, for so long and no longer. Never throws: being down is an answer. */
export async function checkDurable(durable: Durable, deadlineMs = PING_DEADLINE_MS): Promise<TierHealth> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StockroomError('DATABASE_UNREACHABLE', `PostgreSQL gave no answer within ${deadlineMs} ms`));
    }, deadlineMs);
  });
  try {
    return { state: 'up', ...(await Promise.race([durable.ping(), late])) };
  } catch (error) {
    return { state: 'down', reason: messageOf(error), cause: error };
  } finally {
    clearTimeout(timer);
  }
}

/** Asks every server of the hot tier for a sign of life, for `timeoutMs` of the tier at the most. Never throws either. */
export async function checkHot(hot: HotTier): Promise<TierHealth> {
  try {
    return { state: 'up', ...(await hot.ping()) };
  } catch (error) {
    return { state: 'down', reason: messageOf(error), cause: error };
  }
}
