import type { Session } from '../../tiers/durable/index.ts';
import { chunkRecords, readLedger } from '../books.ts';
import { FileSetUnit } from '../file-unit.ts';
import { isGone } from '../ledger.ts';
import type { FileContext } from '../source.ts';
import type { Discovery, Unit } from '../unit.ts';

/** Whether the books know a file of a unit: its rows are loaded, quarantined or skipped for a reason, or it has none. */
export type IsKnown = (path: string) => boolean;

/**
 * Looks a unit up in the books of the migration. What stands in a directory and was never read by a run (a file that came
 * later, one that could not be read then) would exist in the archive alone.
 */
export async function lookUp(
  session: Session,
  discovery: Discovery,
  unit: Unit,
  prefix: string,
): Promise<IsKnown> {
  if (unit instanceof FileSetUnit) {
    const keys = new Set<string>();
    for (const { ordinal } of await chunkRecords(session, unit.source.id, unit.name, false)) {
      const ledger = await readLedger(session, unit.source.id, unit.name, ordinal);
      for (const { key, outcome } of ledger.entries) if (!isGone(outcome)) keys.add(String(key));
    }
    return (path) => keys.has(prefix + path);
  }
  const { rows } = await session.query<{ known: boolean }>(
    'SELECT EXISTS (SELECT FROM migration_chunks WHERE source = $1 AND unit = $2) AS known',
    [unit.source.id, unit.name],
  );
  const isKnown = rows[0]?.known === true || isEmpty(discovery, unit);
  return () => isKnown;
}

function isEmpty({ companions }: Discovery, unit: Unit): boolean {
  const context: FileContext = {
    nowMicros: 0,
    timezones: new Map(),
    companions,
    onUnreadable: () => undefined,
  };
  for (const _ of unit.rows(context)) return false;
  return true;
}
