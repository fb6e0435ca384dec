import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier, tierKinds } from '../../../../test/support/durable.ts';
import { StockroomError } from '../../../core/errors.ts';
import {
  type Appended,
  appendRows,
  type AppendTable,
  createGroupCommit,
  type GroupCommit,
  prepareRow,
  type PreparedRow,
} from './index.ts';

const table: AppendTable = {
  name: 'llm_requests',
  columns: { model: 'text', tokens_input: 'bigint', cost_usd: 'numeric' },
  returning: ['id', 'model', 'cost_usd'],
};

type Row = { id: bigint; model: string; cost_usd: string | null };

function row(model: string, idempotencyKey?: string, cost: string | null = '0.1'): PreparedRow {
  const cells = { model, tokens_input: 1, cost_usd: cost };
  return prepareRow({ idempotencyKey, payload: cells, cells });
}

describe.each(tierKinds)('appending on the %s tier', (kind) => {
  let tier: TestTier;
  let log: GroupCommit<PreparedRow, Appended<Row>>;
  let transactions = 0;

  beforeAll(async () => {
    tier = await freshTier(kind);
    log = createGroupCommit<PreparedRow, Appended<Row>>({
      durable: tier.durable,
      async write(session, rows) {
        transactions += 1;
        return { results: await appendRows<Row>(session, table, rows) };
      },
    });
  });
  afterAll(() => tier.remove());

  async function stored(model: string): Promise<number> {
    const { rows } = await tier.durable.query('select from llm_requests where model = $1', [model]);
    return rows.length;
  }

  it('is shared by callers in flight, each with its own row', async () => {
    transactions = 0;
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, n) => log.submit(row('shared', undefined, `${n}`))),
    );
    expect(answers.map(({ row: { cost_usd } }) => cost_usd)).toEqual(
      Array.from({ length: 500 }, (_, n) => `${n}`),
    );
    expect(new Set(answers.map(({ row: { id } }) => id)).size).toBe(500);
    expect(await stored('shared')).toBe(500);
    expect(transactions).toBeLessThanOrEqual(4);
  });

  it('does nothing again for a repeated key, and tells', async () => {
    const first = await log.submit(row('again', 'key'));
    const second = await log.submit(row('again', 'key'));
    expect(first.repeated).toBe(false);
    expect(second).toEqual({ row: first.row, repeated: true });
    const together = await Promise.all(
      Array.from({ length: 20 }, () => log.submit(row('twice', 'another key'))),
    );
    expect(together.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(new Set(together.map(({ row: { id } }) => id)).size).toBe(1);
    expect(await stored('again')).toBe(1);
    expect(await stored('twice')).toBe(1);
  });

  it('refuses a key that was used with another payload, in the same batch too, and that one alone', async () => {
    await log.submit(row('one', 'used'));
    const outcomes = await Promise.allSettled([
      log.submit(row('two', 'used')),
      log.submit(row('three', 'fresh')),
      log.submit(row('four', 'fresh')),
      log.submit(row('five')),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'IDEMPOTENCY_CONFLICT' } },
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'IDEMPOTENCY_CONFLICT' } },
      { status: 'fulfilled' },
    ]);
    expect(await Promise.all(['one', 'two', 'three', 'four', 'five'].map(stored))).toEqual([1, 0, 1, 0, 1]);
  });

  it('lets a row that PostgreSQL refuses fail alone', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, (_, n) =>
        log.submit(row('mixed', undefined, n % 20 === 7 ? 'no number' : '1')),
      ),
    );
    const failed = outcomes.flatMap((outcome, n) =>
      outcome.status === 'rejected' ? [[n, outcome.reason]] : [],
    );
    expect(failed.map(([n]) => n)).toEqual([7, 27, 47]);
    for (const [, reason] of failed)
      expect(reason).toMatchObject({ code: 'DATABASE_QUERY_FAILED', details: { sqlState: '22P02' } });
    expect(await stored('mixed')).toBe(61);
  });

  it('takes batches with the same keys in opposite orders at once', async () => {
    const keys = Array.from({ length: 100 }, (_, n) => `order ${n}`);
    const session = (order: string[]) =>
      tier.durable.transaction((each) =>
        appendRows(
          each,
          table,
          order.map((key) => row('ordered', key)),
        ),
      );
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([session(keys), session(keys.toReversed()), session(keys)]);
      expect(await stored('ordered')).toBe(100);
      await tier.durable.query("delete from llm_requests where model = 'ordered'");
    }
  });
});

describe('a group commit', () => {
  let tier: TestTier;
  beforeAll(async () => {
    tier = await freshTier('server');
  });
  afterAll(() => tier.remove());

  it('tries again after a lost connection, before and after the commit, and nothing is there twice', async () => {
    let failures = 0;
    const log = createGroupCommit<PreparedRow, Appended<Row>>({
      durable: tier.durable,
      async write(session, rows) {
        const results = await appendRows<Row>(session, table, rows);
        if (failures < 2) {
          failures += 1;
          // The backend ends itself; the answer to it, or to the COMMIT, never comes.
          await session.query('select pg_terminate_backend(pg_backend_pid())');
        }
        return { results };
      },
    });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => log.submit(row('lost', undefined, `${n}`))),
    );
    expect(failures).toBe(2);
    expect(answers).toHaveLength(40);
    const { rows } = await tier.durable.query("select from llm_requests where model = 'lost'");
    expect(rows).toHaveLength(40);
    await log.close();
  });

  it('refuses what is too much, writes the rest, and nothing after it was closed', async () => {
    const log = createGroupCommit<PreparedRow, Appended<Row>>({
      durable: tier.durable,
      settings: { waitingMax: 10, batchMax: 5 },
      write: async (session, rows) => ({ results: await appendRows<Row>(session, table, rows) }),
    });
    const many = Array.from({ length: 30 }, () => log.submit(row('bounded')));
    const outcomes = await Promise.allSettled(many);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(20);
    for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    const last = log.submit(row('last'));
    await log.close();
    expect(await last).toMatchObject({ row: { model: 'last' } });
    await expect(log.submit(row('late'))).rejects.toBeInstanceOf(StockroomError);
  });
});
