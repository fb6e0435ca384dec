import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshStores, type TestStores } from '../../../test/support/stores.ts';
import { addViews, ALL, RUNS_MAX } from './keys.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await freshStores('server');
});
afterAll(() => stores.remove());

it('the ranking has the newest ids, also when the newest rows repeat a few of them', async () => {
  // Of the newest 25,000 rows 2,500 ids in all; before them one id a row.
  await stores.durable.query(
    `insert into top_picks_runs (run_id, universe, mode, generated_at, payload)
     select case when n <= 25000 then 'again-' || n % 2500 else 'once-' || n end, 'nifty50', 'Swing',
       timestamptz '2026-11-30' - n * interval '1 second', '{}'::jsonb
     from generate_series(1, 40000) as n`,
  );
  const views = addViews(stores.views);
  const content = await views.runs.read(ALL);
  const { rows } = await stores.durable.query<{ run_id: string }>(
    `select run_id from top_picks_runs group by run_id order by max(generated_at) desc, run_id desc limit $1`,
    [RUNS_MAX],
  );
  const found = content?.kind === 'ranking' ? content.members.map(({ id }) => id) : [];
  expect(new Set(found)).toEqual(new Set(rows.map((row) => row.run_id)));
  expect(found).toHaveLength(RUNS_MAX);
});
