import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { recorderOf } from '../../test/plans/recorder.ts';
import { archiveStore, exportStore } from './index.ts';

const BEFORE = '2026-04-01T00:00:00.000000Z';
const PICKS = 120;

let tier: TestTier;
let directory: string;
beforeAll(async () => {
  tier = await freshTier('server');
  directory = mkdtempSync(join(tmpdir(), 'stockroom-months-'));
  // Six months whose rows stand in between one another, as after a migration; two contributions each, and one of a pick that is gone.
  await tier.durable.query(
    `insert into pick_events (pick_uuid, symbol, direction, source, mode, signal_ts, trade_date, signal_price)
     select 'pick-' || n, 'TCS', 'LONG', 'API', 'Swing', at, at::date, 1
     from (select n, timestamptz '2026-01-15' + (n * 7 % 6) * interval '1 month' as at from generate_series(1, $1::int) n) made`,
    [PICKS],
  );
  await tier.durable.query(
    `insert into pick_agent_contributions (pick_uuid, agent_name, score)
     select 'pick-' || n, agent, n from generate_series(0, $1::int) n
     cross join unnest(array['technical', 'global']) agent where n > 0 or agent = 'global'`,
    [PICKS],
  );
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await tier.remove();
});

const rowsIn = async (table: string, month: string): Promise<Record<string, unknown>[]> => {
  const folder = join(directory, table, 'year=2026', `month=${month}`);
  const files = readdirSync(folder).map((name) => asyncBufferFromFile(join(folder, name)));
  return (await Promise.all(files.map(async (file) => parquetReadObjects({ file: await file })))).flat();
};
const countOf = async (table: string): Promise<number> =>
  Number((await tier.durable.query<{ n: bigint }>(`select count(*) as n from ${table}`)).rows[0]!.n);

it('puts each row into the month of its pick, wherever it stands, and leaves what is of no pick', async () => {
  const exported = await exportStore({
    durable: tier.durable,
    store: 'pick-log',
    format: 'ndjson',
    directory: join(directory, 'export'),
  });
  expect(exported.files.map(({ rows }) => rows)).toEqual([0, 2 * PICKS + 1, PICKS]);

  const recorder = recorderOf(tier.durable);
  const archived = await archiveStore({
    durable: recorder.durable,
    store: 'pick-log',
    before: BEFORE,
    directory,
    apply: true,
  });
  expect(archived.map(({ rows, removed }) => [rows, removed])).toEqual([
    [0, 0],
    [PICKS, PICKS],
    [PICKS / 2, PICKS / 2],
  ]);
  for (const month of ['01', '02', '03']) {
    const picks = new Set((await rowsIn('pick_events', month)).map((row) => row['pick_uuid']));
    const contributions = await rowsIn('pick_agent_contributions', month);
    expect([picks.size, contributions.length]).toEqual([PICKS / 6, PICKS / 3]);
    expect(new Set(contributions.map((row) => row['pick_uuid']))).toEqual(picks);
  }
  expect(await countOf('pick_agent_contributions')).toBe(PICKS + 1);
  // A month is read where it stands: the last page of one does not look through all that came after it.
  const pages = recorder.take().filter(({ sql }) => sql.includes('order by t.id limit'));
  expect(pages).toHaveLength(6);
  expect(pages.filter(({ sql }) => !/t\.id > \$1 and t\.id <= \d+ and/.test(sql))).toEqual([]);
});
