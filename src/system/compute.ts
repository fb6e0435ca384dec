import type { ComputeInput, OutcomesReport } from '../stores/pick-log/outcome-schema.ts';
import type { ComputeOptions } from '../stores/pick-log/store.ts';
import type { DueOptions, DueReport } from '../stores/recommendations/due-report.ts';
import { dailyCandlesOf, type StoreSystem } from './stores.ts';

type Watched = Pick<ComputeOptions, 'onProgress' | 'signal'>;

/** Computes the outcomes of picks from the price history. */
export function computeOutcomes(
  { stores }: Pick<StoreSystem, 'stores'>,
  input: ComputeInput,
  watch: Watched = {},
): Promise<OutcomesReport> {
  const { pickLog, priceHistory } = stores;
  return pickLog.computeOutcomes({ ...input, ...watch, candles: dailyCandlesOf(priceHistory) });
}

/** Evaluates the recommendations whose horizon is over from the price history. */
export function evaluateDue(
  { stores }: Pick<StoreSystem, 'stores'>,
  options: Omit<DueOptions, 'candles'> = {},
): Promise<DueReport> {
  const { recommendations, priceHistory } = stores;
  return recommendations.evaluateDue({ ...options, candles: dailyCandlesOf(priceHistory) });
}
