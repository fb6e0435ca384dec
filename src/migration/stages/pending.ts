import { captureToken } from '../../legacy/sqlite/change-log.ts';
import { patiently } from '../../legacy/sqlite/database.ts';
import { openLive } from '../../legacy/sqlite/live.ts';
import type { RowKey } from '../ledger.ts';
import { TableUnit } from '../table-unit.ts';
import type { Unit } from '../unit.ts';
import type { Ground } from './ground.ts';

/** Of some rows of a unit those that were written at the authority and have not come to the other side yet. */
export async function pendingKeys(ground: Ground, unit: Unit, keys: readonly RowKey[]): Promise<Set<RowKey>> {
  const owed = await owedKeys(ground, unit, keys);
  const logged = unit instanceof TableUnit ? await loggedKeys(ground, unit, keys) : [];
  return new Set([...owed, ...logged]);
}

/** Keys whose rows the outbox holds. */
async function owedKeys(ground: Ground, { source }: Unit, keys: readonly RowKey[]): Promise<RowKey[]> {
  const { rows } = await ground.tier.query<{ key: string }>(
    `SELECT DISTINCT coalesce(o.legacy_key, m.legacy_key, o.legacy_source) AS key FROM migration_outbox o
     LEFT JOIN migration_made m ON m.source = $3 AND m.row_key = o.row_key
     WHERE o.store = $1 AND o.source_table = $2 AND coalesce(o.legacy_source, m.unit) IS NOT NULL
       AND coalesce(o.legacy_key, m.legacy_key, o.legacy_source) = ANY($4)`,
    [ground.store, source.table, source.id, keys.map(String)],
  );
  const owed = new Set(rows.map(({ key }) => key));
  return keys.filter((key) => owed.has(String(key)));
}

/** Keys whose changes the old database has logged and that are not applied here. */
async function loggedKeys(ground: Ground, unit: TableUnit, keys: readonly RowKey[]): Promise<RowKey[]> {
  const file = ground.side.databases.find(({ path }) => path === unit.files[0]);
  if (file === undefined) return [];
  const { rows } = await ground.tier.query<{ token: string | null; seq: bigint }>(
    'SELECT token, seq FROM migration_follow WHERE file = $1',
    [unit.name],
  );
  const connection = openLive(file.absolute);
  try {
    const token = captureToken(connection);
    if (token === null) return [];
    // Not followed by this log yet: any row may be on its way.
    if (rows[0]?.token !== token) return [...keys];
    // Without numbers any change of the table may be of any row.
    const wanted = unit.keysAreRowNumbers
      ? 'AND (row_id IS NULL OR row_id IN (SELECT value FROM json_each(?)))'
      : 'AND ? IS NOT NULL LIMIT 1';
    const logged = patiently(() =>
      connection
        .prepare(`SELECT DISTINCT row_id FROM _stockroom_changes WHERE seq > ? AND tbl = ? ${wanted}`)
        .pluck()
        .all(rows[0]!.seq, unit.table, `[${unit.keysAreRowNumbers ? keys.join(',') : ''}]`),
    ) as (bigint | null)[];
    if (logged.includes(null) || !unit.keysAreRowNumbers) return logged.length > 0 ? [...keys] : [];
    const changed = new Set<RowKey>(logged as bigint[]);
    return keys.filter((key) => changed.has(key));
  } finally {
    connection.close();
  }
}
