import type { Level } from '../../charts/candle-chart.tsx';
import type { LevelName, Levels } from './answers.ts';

const order: readonly LevelName[] = ['r4', 'r3', 'r2', 'r1', 'p', 's1', 's2', 's3', 's4'];

/** The levels that there are, from the highest down. */
export function levelsIn(levels: Levels | undefined): Level[] {
  if (levels === undefined) return [];
  return order.flatMap((name) => {
    const price = levels[name];
    return price === null || price === undefined ? [] : [{ name: name.toUpperCase(), price }];
  });
}

/** How far a level is from a price, in percent of the price. */
export const distance = (level: number, price: number): number | null =>
  price === 0 ? null : ((level - price) / price) * 100;
