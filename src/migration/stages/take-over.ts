import { StockroomError } from '../../core/errors.ts';
import type { Session } from '../../tiers/durable/index.ts';
import type { Ground } from './ground.ts';
import { changeStage, owed, type StoreTable, tablesOf } from './new-side.ts';
import type { StageRow } from './stage.ts';

/** PostgreSQL becomes the authority. Rows that only it has are owed to the old side from then on. */
export async function openNewSide(ground: Ground, row: StageRow, epoch: bigint): Promise<void> {
  const tables = tablesOf(ground.sources, ground.store);
  await changeStage(ground.tier, row, { state: 'open', stage: 'live', epoch, ramp: 100 }, async (session) => {
    for (const table of tables) await oweNewRows(session, ground.store, table);
  });
}

async function oweNewRows(session: Session, store: string, table: StoreTable): Promise<void> {
  await session.query(
    `INSERT INTO migration_outbox (store, source_table, row_key)
     SELECT $1, $2, t."${table.key}"::text FROM "${table.name}" t
     WHERE t.legacy_source IS NULL AND ($3::text IS NULL OR to_jsonb(t) ->> 'family' = $3)
       AND NOT EXISTS (SELECT 1 FROM migration_made m WHERE m.source = $4 AND m.row_key = t."${table.key}"::text)
     ORDER BY t."${table.key}"`,
    [store, table.name, table.family, table.source.id],
  );
}

/**
 * PostgreSQL gives: it is a replica from then on. Rows that Stockroom made take over the keys that the old side knows them
 * by, and the old files are read whole before they are followed again: the books know nothing of what was replayed.
 */
export async function giveNewSide(ground: Ground, row: StageRow): Promise<void> {
  const { tier, store, side, prefix } = ground;
  const tables = tablesOf(ground.sources, store);
  await changeStage(
    tier,
    row,
    { state: 'given', stage: 'legacy', epoch: row.epoch, ramp: 0 },
    async (session) => {
      await session.query(`SET LOCAL stockroom.maintenance = 'on'; SET LOCAL stockroom.replay = 'on'`);
      const { waiting } = await owed(session, store);
      if (waiting > 0)
        throw new StockroomError('CONFLICT', `${store}: the old side is still owed ${waiting} writes`);
      // Before anything else: what is replayed comes in only where this side has given.
      await session.query(`UPDATE migration_stages SET state = 'given' WHERE store = $1`, [store]);
      for (const table of tables) await adopt(session, table);
      await session.query(`UPDATE migration_stages SET state = 'fenced' WHERE store = $1`, [store]);
      const files = side.databases.map(({ path }) => prefix + path);
      await session.query('DELETE FROM migration_follow WHERE file = ANY($1)', [files]);
    },
  );
}

async function adopt(session: Session, { name, key, oldKey, source, family }: StoreTable): Promise<void> {
  const old =
    oldKey === 'legacy_id' ? ', legacy_id = m.legacy_id' : oldKey === '' ? '' : `, ${oldKey} = m.legacy_key`;
  await session.query(
    `UPDATE "${name}" t SET legacy_source = ${oldKey === '' ? 'm.legacy_key' : 'm.unit'}${old} FROM migration_made m
     WHERE m.source = $1 AND t."${key}" = ${key === 'id' ? 'm.row_key::bigint' : 'm.row_key'} AND t.legacy_source IS NULL
       ${family === null ? '' : 'AND t.family = $2'}`,
    family === null ? [source.id] : [source.id, family],
  );
}
