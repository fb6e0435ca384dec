import { StockroomError } from '../../../core/errors.ts';
import type { Statistics } from '../port.ts';
import { Fields } from './fields.ts';
import type { Space } from './space.ts';
import type { Synchronous } from './synchronous.ts';

export function createStatistics(space: Space): Synchronous<Statistics> {
  return {
    count: (key, increments) => {
      requireWhole(key, increments);
      const there = space.get(key, 'hash');
      const counters = there ?? new Fields();
      for (const [name, increment] of Object.entries(increments)) {
        counters.set(name, String(Number(counters.get(name) ?? 0) + increment));
      }
      if (there !== undefined) space.changed(key);
      else if (counters.size > 0) space.set(key, counters);
    },
    counts: (key) => {
      const fields = space.get(key, 'hash')?.all() ?? {};
      return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, Number(text)]));
    },
  };
}

function requireWhole(key: string, increments: Readonly<Record<string, number>>): void {
  const wrong = Object.entries(increments).find(([, increment]) => !Number.isSafeInteger(increment));
  if (wrong === undefined) return;
  const [name, value] = wrong;
  throw new StockroomError(
    'INVALID_INPUT',
    `The counter ${name} of ${key} is moved by whole numbers, not by ${value}.`,
    { details: { key, name, value: String(value) } },
  );
}
