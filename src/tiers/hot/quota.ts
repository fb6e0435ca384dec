import { StockroomError } from '../../core/errors.ts';
import type { Quota } from './port.ts';

/** @throws StockroomError INVALID_INPUT */
export function checkQuota({ limit, windowMs, cost = 1 }: Quota): Required<Quota> {
  for (const [name, value] of Object.entries({ limit, windowMs })) {
    if (value > 0 && Number.isFinite(value)) continue;
    throw new StockroomError('INVALID_INPUT', `${name}: expected a number above 0, found ${value}`);
  }
  if (cost >= 0 && Number.isFinite(cost)) return { limit, windowMs, cost };
  throw new StockroomError('INVALID_INPUT', `cost: expected a number from 0 on, found ${cost}`);
}
