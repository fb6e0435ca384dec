import { pause } from '../../core/wait.ts';
import { prepare } from '../engine.ts';
import type { RowKey } from '../ledger.ts';
import { Sides, type Verdict } from './compare.ts';
import type { Ground } from './ground.ts';
import { pendingKeys } from './pending.ts';

/** Rows that differ and are looked at again, and named. */
const MAX_SUSPECTS = 5000;
const MAX_NAMED = 20;
/** Looks at rows that differ while the old application writes, and the pause between two. */
const ATTEMPTS = 5;
const AGAIN_MS = 200;

export interface DifferingKey {
  source: string;
  unit: string;
  key: string;
  verdict: Verdict;
}

/** Every row of both sides of a store, compared. */
export interface Proof {
  /** Rows that were compared. */
  rows: number;
  /** Rows of the old side that cannot be loaded: they are in quarantine, or over. */
  aside: number;
  differing: number;
  /** The first of those that differ. */
  named: DifferingKey[];
}

/**
 * Compares both sides of a store row by row. What differs may be on its way: `settle` brings it over, and it is looked at
 * again before it is called a difference.
 */
export function proveStore(
  ground: Ground,
  settle: () => Promise<unknown>,
  onRows: (rows: number) => void,
): Promise<Proof> {
  return ground.withUnits(async (units, place) => {
    const proof: Proof = { rows: 0, aside: 0, differing: 0, named: [] };
    for (const unit of units) {
      const context = place.contextOf(unit.source);
      const family = units.filter((one) => one.source === unit.source);
      const sides = new Sides(ground.tier, unit, context, prepare(unit.source, family, context));
      let suspects = new Map<RowKey, Verdict>();
      for await (const verdicts of sides.all()) {
        proof.rows += verdicts.size;
        onRows(proof.rows);
        for (const [key, verdict] of verdicts) {
          if (verdict === 'aside') proof.aside++;
          else if (verdict === 'match') continue;
          else if (suspects.size < MAX_SUSPECTS) suspects.set(key, verdict);
          // Too many to be on their way.
          else proof.differing++;
        }
      }
      for (let attempt = 0; attempt < ATTEMPTS && suspects.size > 0; attempt++) {
        if (attempt > 0) await pause(AGAIN_MS);
        await settle();
        const before = await pendingKeys(ground, unit, [...suspects.keys()]);
        const again = await sides.compare([...suspects.keys()]);
        suspects = new Map([...again].filter(([, verdict]) => verdict !== 'match' && verdict !== 'aside'));
        if (attempt + 1 < ATTEMPTS) continue;
        // A row that is written all the time is on its way whenever it is looked at.
        for (const key of before) suspects.delete(key);
        for (const key of await pendingKeys(ground, unit, [...suspects.keys()])) suspects.delete(key);
      }
      proof.differing += suspects.size;
      for (const [key, verdict] of suspects) {
        if (proof.named.length >= MAX_NAMED) break;
        proof.named.push({ source: unit.source.id, unit: unit.name, key: String(key), verdict });
      }
    }
    return proof;
  });
}
