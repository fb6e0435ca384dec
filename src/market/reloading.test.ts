import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshTier, type TestTier, tierKinds } from '../../test/support/durable.ts';
import { calendarFailures, loadCalendar } from './index.ts';

describe.each(tierKinds)('market_sessions (%s)', (kind) => {
  let tier: TestTier;
  beforeAll(async () => {
    tier = await freshTier(kind);
  });
  afterAll(() => tier.remove());

  it('overrides the calendar, when it is told to read and by itself', async () => {
    const { durable } = tier;
    await durable.query(
      `insert into market_sessions (exchange, session_date, opens_at, closes_at, note) values
         ('XNSE', '2026-11-08', '2026-11-08T18:15+05:30', '2026-11-08T19:15+05:30', 'Muhurat trading')`,
    );
    const calendar = await loadCalendar(durable, { reloadMs: 0 });
    expect(calendar.session('XNSE', '2026-11-08')).toEqual({
      date: '2026-11-08',
      opensAt: '2026-11-08T12:45:00.000Z',
      closesAt: '2026-11-08T13:45:00.000Z',
      note: 'Muhurat trading',
    });
    expect(calendar.session('XNYS', '2026-12-01')).toBeDefined();
    await durable.query(`insert into market_sessions (exchange, session_date) values ('XNYS', '2026-12-01')`);
    await calendar.reload();
    expect(calendar.session('XNYS', '2026-12-01')).toBeUndefined();

    const often = await loadCalendar(durable, { reloadMs: 10 });
    await durable.query(`delete from market_sessions where exchange = 'XNYS'`);
    await vi.waitFor(() => expect(often.session('XNYS', '2026-12-01')).toBeDefined(), 5_000);
    often.close();
    expect(calendar.session('XNYS', '2026-12-01')).toBeUndefined();
  });

  it('keeps what it has when a row cannot be used, and says so', async () => {
    const { durable } = tier;
    const calendar = await loadCalendar(durable, { reloadMs: 10 });
    const failures: unknown[] = [];
    const stop = calendarFailures.subscribe(({ error }) => failures.push(error));
    await durable.query(
      `insert into market_sessions (exchange, session_date, opens_at, closes_at)
       values ('XBOM', '2026-12-02', '2026-12-05T03:00Z', '2026-12-05T04:00Z')`,
    );
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0), 5_000);
    await expect(calendar.reload()).rejects.toThrow('override of XBOM on 2026-12-02');
    expect(calendar.session('XBOM', '2026-12-02')?.opensAt).toBe('2026-12-02T03:45:00.000Z');
    stop();
    calendar.close();
    await durable.query(`delete from market_sessions where exchange = 'XBOM'`);
  });
});
