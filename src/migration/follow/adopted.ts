import type { DurableTier } from '../../tiers/durable/index.ts';
import { distrustEveryKey } from '../../tiers/views/every-key.ts';
import type { RowKey } from '../ledger.ts';
import type { FileContext } from '../source.ts';
import { TableUnit } from '../table-unit.ts';
import type { Unit } from '../unit.ts';
import { keyOf } from './part.ts';

/** Rows that one transaction takes. */
const BATCH_ROWS = 2000;

/**
 * Rows that Stockroom made while it was the authority are the old side's now, and the books do not know them: those that the
 * old application has removed since are looked for here, before anything else is believed of them.
 */
export async function settleAdopted(tier: DurableTier, unit: Unit, context: FileContext): Promise<number> {
  const { source, name } = unit;
  let removed = 0;
  for (;;) {
    const { rows } = await tier.query<{ key: string }>(
      `SELECT legacy_key AS key FROM migration_made WHERE source = $1 AND unit = $2 ORDER BY legacy_key LIMIT ${BATCH_ROWS}`,
      [source.id, name],
    );
    if (rows.length === 0) return removed;
    const texts = rows.map(({ key }) => key);
    const present = new Set(presentKeys(unit, texts, context).map(String));
    const gone = texts.filter((key) => !present.has(key));
    const type = source.identity === 'legacy_id' ? 'bigint' : 'text';
    await tier.transaction(async (session) => {
      await session.query(`SET LOCAL stockroom.maintenance = 'on'; SET LOCAL stockroom.replay = 'on'`);
      const { count } = await session.query(
        `DELETE FROM ${source.table} WHERE legacy_source = $1 AND ${source.identity} = ANY($2::${type}[])`,
        [name, gone],
      );
      removed += count;
      if (count > 0) await distrustEveryKey(session);
      await session.query(
        'DELETE FROM migration_made WHERE source = $1 AND unit = $2 AND legacy_key = ANY($3)',
        [source.id, name, texts],
      );
    });
  }
}

function presentKeys(unit: Unit, texts: readonly string[], context: FileContext): RowKey[] {
  const keys = texts.map((text) => keyOf(unit, text));
  if (unit instanceof TableUnit && unit.keysAreRowNumbers) {
    const sorted = (keys as bigint[]).sort((a, b) => (a < b ? -1 : 1));
    return [...unit.some(sorted)].map(({ key }) => key);
  }
  const wanted = new Set(keys);
  const found: RowKey[] = [];
  for (const { key } of unit.rows(context)) if (wanted.has(key)) found.push(key);
  return found;
}
