import { computeOutcomes, evaluateDue } from '../system/index.ts';
import type { JobDefinition } from './job.ts';

const EXCHANGE = 'XNSE';
/** Picks of so many days are looked at: the longest horizon, with the holidays in it and some weeks for candles that come late. */
const LOOKBACK_DAYS = 30;
const HORIZONS = ['EOD', '5D'] as const;
const DAY_MS = 86_400_000;

/**
 * Evaluates the recommendations whose horizon is over, and computes the outcomes of picks, from the price history. What has no candles
 * yet is counted, and looked at again by the next run.
 */
export const outcomes: JobDefinition = {
  name: 'outcomes',
  title: 'evaluate recommendations and picks whose horizon is over',
  // A quarter of an hour after the close in India, and every hour for what came late.
  time: { cron: '45 * * * *', zone: 'Asia/Kolkata' },
  limitMs: 600_000,
  retries: 3,
  retryDelayMs: 60_000,
  async run({ system, clock }, signal) {
    const due = await evaluateDue(system, { now: clock(), exchange: EXCHANGE, signal });
    const now = clock();
    const day = (at: Date): string => system.calendar.dayOf(EXCHANGE, at);
    const range = { from: day(new Date(now.getTime() - LOOKBACK_DAYS * DAY_MS)), to: day(now) };
    const did: Record<string, unknown> = {
      recommendations: { evaluated: due.evaluated, pending: due.pending, not_due: due.notDue },
    };
    for (const horizon of HORIZONS) {
      const report = await computeOutcomes(system, { ...range, horizon }, { signal });
      const { picks, computed, existing, pending } = report;
      did[`picks_${horizon.toLowerCase()}`] = { picks, computed, existing, pending };
    }
    return did;
  },
};
