import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCalendar } from '../../src/market/index.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { ROOT } from '../support/source-files.ts';
import { codeBlocks } from './markdown.ts';

let tier: TestTier;
beforeAll(async () => {
  tier = await freshTier('server');
});
afterAll(() => tier?.remove());

it('the statement of the page about markets closes a day, and opens another', async () => {
  const [statement, ...more] = codeBlocks(readFileSync(join(ROOT, 'src/market/README.md'), 'utf8'), 'sql');
  expect(more).toEqual([]);
  const calendar = await loadCalendar(tier.durable, { reloadMs: 0 });
  expect(calendar.session('XNSE', '2027-03-23')).toBeDefined();
  expect(calendar.session('XNSE', '2026-11-08')).toBeUndefined();
  await tier.durable.query(statement!);
  await calendar.reload();
  expect(calendar.session('XNSE', '2027-03-23')).toBeUndefined();
  expect(calendar.session('XNSE', '2026-11-08')).toMatchObject({
    opensAt: '2026-11-08T12:30:00.000Z',
    closesAt: '2026-11-08T13:30:00.000Z',
    note: 'Muhurat trading',
  });
  calendar.close();
});
