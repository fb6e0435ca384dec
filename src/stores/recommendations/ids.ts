import { StockroomError } from '../../core/errors.ts';

const MAX_BIGINT = 2n ** 63n - 1n;

/** @throws StockroomError NOT_FOUND of what can be no id */
export function idOf(id: bigint | number | string): bigint {
  const text = String(id);
  const key = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
  if (key < 0n || key > MAX_BIGINT) throw notThere(text.slice(0, 50));
  return key;
}

export function notThere(id: bigint | string): StockroomError {
  return new StockroomError('NOT_FOUND', `There is no recommendation with the id ${id}`, {
    details: { id: String(id) },
  });
}
