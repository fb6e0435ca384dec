import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { figuresOf } from './standing.ts';
import { createLlmCosts, type LlmCosts } from './store.ts';

const call = { model: 'gpt-4', tokens_input: 10, tokens_output: 10 };
const CALLERS = 64;

it.each([
  ['0', 'OK'],
  ['0.4999999999999999', 'OK'],
  ['0.5', 'CAUTION'],
  ['0.7999999999999999', 'CAUTION'],
  ['0.8', 'WARNING'],
  ['0.9999999999999999', 'WARNING'],
  ['1', 'EXCEEDED'],
  ['2', 'EXCEEDED'],
])('%s spent of 1 is %s', (spent, status) => {
  expect(figuresOf(spent, '1.0', 0)).toMatchObject({ status, spent_usd: spent, budget_usd: '1' });
});

describe.each(storeKinds)('budgets on the %s tiers', (kind) => {
  let stores: TestStores;
  let llmCosts: LlmCosts;
  let now: string;
  beforeAll(async () => {
    stores = await freshStores(kind);
  });
  afterAll(() => stores.remove());
  beforeEach(async () => {
    now = '2026-11-22T20:28:30.408Z';
    await stores.durable.query(
      'truncate llm_requests, llm_reservations, llm_budgets, llm_budget_alerts, llm_price_overrides, audit_log cascade',
    );
    llmCosts = createLlmCosts({ durable: stores.durable, hot: stores.hot, clock: () => new Date(now) });
  });
  afterEach(() => llmCosts.close());

  const spent = (cost_usd: string, more: object = {}) => llmCosts.log({ ...call, cost_usd, ...more });
  const alerts = async (): Promise<unknown[]> =>
    (
      await stores.durable.query(
        'select scope, period, period_start, threshold from llm_budget_alerts order by id',
      )
    ).rows.map((row) => Object.values(row).join(' '));

  it('a budget says what is left, by how much it was overrun, and as of when', async () => {
    await spent('0.5', { created_at: '2026-11-22T01:00:00Z' });
    await spent('1.5');
    await llmCosts.log({ ...call, model: 'nobody-knows-it' });
    expect(await llmCosts.budget({ daily_usd: '1.5' })).toEqual({
      date: '2026-11-22',
      as_of: now,
      status: 'EXCEEDED',
      spent_usd: '2',
      budget_usd: '1.5',
      remaining_usd: '-0.5',
      percentage_used: 133.333333333333,
      unpriced_requests: 1,
    });
    expect(await llmCosts.budget({ daily_usd: '1.5', as_of: '2026-11-22T02:00:00.000000Z' })).toMatchObject({
      status: 'OK',
      spent_usd: '0.5',
    });
    expect(await llmCosts.budget({ daily_usd: '0' })).toMatchObject({ status: 'OK', percentage_used: 0 });
    await expect(llmCosts.budget({})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await llmCosts.putBudget({ scope: 'all', daily_usd: '4' }, 'test');
    expect(await llmCosts.budget({})).toMatchObject({ status: 'CAUTION', budget_usd: '4' });
  });

  it('budgets are of a day or a month, of all, a model, a tag or a user', async () => {
    for (const scope of ['all', 'model:gpt-4', 'tag:a:b', 'user:u']) {
      await llmCosts.putBudget({ scope, daily_usd: '1', monthly_usd: '10' }, 'test');
    }
    await spent('0.8', { created_at: '2026-11-01T00:00:00Z', tags: ['a:b'] });
    await spent('100', { created_at: '2026-10-31T23:59:59.999999Z', tags: ['a:b'] });
    await spent('0.1', { user_id: 'u' });
    await spent('0.05', { model: 'gpt-4o', tags: ['x', 'a:b'] });
    const figures = async (as_of?: string) =>
      (await llmCosts.budgets({ as_of })).items.map(({ scope, periods }) => [
        scope,
        ...periods.map(({ spent_usd }) => spent_usd),
      ]);
    const expected = [
      ['all', '0.15', '0.95'],
      ['model:gpt-4', '0.1', '0.9'],
      ['tag:a:b', '0.05', '0.85'],
      ['user:u', '0.1', '0.1'],
    ];
    expect(await figures()).toEqual(expected);
    expect(await figures(now)).toEqual(expected);
    expect(await figures('2026-11-01T12:00:00.000000Z')).toEqual([
      ['all', '0.8', '0.8'],
      ['model:gpt-4', '0.8', '0.8'],
      ['tag:a:b', '0.8', '0.8'],
      ['user:u', '0', '0'],
    ]);
    expect(await llmCosts.deleteBudget('user:u', 'test')).toBe(true);
    expect(await llmCosts.deleteBudget('user:u', 'test')).toBe(false);
    const { rows } = await stores.durable.query("select from audit_log where subject = 'llm-budget:user:u'");
    expect(rows).toHaveLength(2);
    for (const scope of ['', 'model:', 'team:a', 'user: ']) {
      await expect(llmCosts.putBudget({ scope, daily_usd: '1' }, 'test')).rejects.toThrow(
        'scope: expected all',
      );
    }
  });

  it('a threshold is noted once for a period, also when many reach it at once', async () => {
    await llmCosts.putBudget({ scope: 'all', daily_usd: '10', monthly_usd: '40' }, 'test');
    await llmCosts.putBudget({ scope: 'tag:t', daily_usd: '100' }, 'test');
    await Promise.all(Array.from({ length: 49 }, () => spent('0.1', { tags: ['t'] })));
    expect(await alerts()).toEqual([]);
    await Promise.all(
      Array.from({ length: CALLERS }, (_, n) => spent('0.1', { model: `m${n % 7}`, tags: ['t'] })),
    );
    const day = '2026-11-22';
    expect(await alerts()).toEqual([50, 80, 100].map((threshold) => `all day ${day} ${threshold}`));
    now = '2026-11-23T00:00:00.000Z';
    await spent('9');
    expect((await alerts()).slice(3)).toEqual([
      'all day 2026-11-23 50',
      'all day 2026-11-23 80',
      'all month 2026-11-01 50',
    ]);
  });

  it('64 callers reserve no more than a cap holds, and what they settle stays under it', async () => {
    await llmCosts.putBudget({ scope: 'all', daily_usd: '10' }, 'test');
    await llmCosts.putBudget({ scope: 'user:u1', monthly_usd: '2' }, 'test');
    await spent('0.3');
    const outcomes = await Promise.allSettled(
      Array.from({ length: CALLERS }, async (_, n) => {
        const user_id = `u${n % 2}`;
        const { id } = await llmCosts.reserve({ amount_usd: '0.4', user_id });
        // Others log meanwhile: the hold becomes spend, and never counts for neither.
        const request = { ...call, user_id, cost_usd: '0.4' };
        return llmCosts.settle(BigInt(id), request);
      }),
    );
    const granted = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(granted).toHaveLength(24);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'BUDGET_EXCEEDED', status: 402 });
    }
    expect((await llmCosts.spend()).total_cost_usd).toBe('9.9');
    const { items } = await llmCosts.budgets();
    expect(items.map(({ scope, periods }) => [scope, periods[0]!.spent_usd, periods[0]!.held_usd])).toEqual([
      ['all', '9.9', '0'],
      ['user:u1', '2', '0'],
    ]);
  });

  it('several processes together reserve no more than a cap holds', async () => {
    const processes = Array.from({ length: 4 }, () =>
      createLlmCosts({ durable: stores.durable, clock: () => new Date(now) }),
    );
    // Again and again: the first time they would not meet, since connections are made one after the other.
    for (let round = 0; round < 4; round += 1) {
      const scope = `tag:t${round}`;
      await llmCosts.putBudget({ scope, daily_usd: '5' }, 'test');
      const outcomes = await Promise.allSettled(
        Array.from({ length: CALLERS }, (_, n) =>
          processes[n % 4]!.reserve({ amount_usd: '0.3', tags: ['s', `t${round}`] }),
        ),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(16);
      const details = { scope, period: 'day', budget_usd: '5', spent_usd: '0', held_usd: '4.8' };
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { details } });
    }
    await Promise.all(processes.map((one) => one.close()));
  });

  it('a reservation ends by being settled, released, or by its time', async () => {
    await llmCosts.putBudget({ scope: 'all', daily_usd: '1' }, 'test');
    const held = async () => (await llmCosts.budgets()).items[0]!.periods[0]!.held_usd;
    const full = { amount_usd: '1', life_ms: 1_000 };
    const first = await llmCosts.reserve(full);
    expect(first).toEqual({
      id: expect.any(Number),
      amount_usd: '1',
      expires_at: '2026-11-22T20:28:31.408000Z',
      repeated: false,
    });
    await expect(llmCosts.reserve(full)).rejects.toThrow('of 1 USD 0 are spent and 1 held');
    expect(await llmCosts.release(BigInt(first.id))).toEqual({ id: first.id, state: 'released' });
    await expect(llmCosts.settle(BigInt(first.id), call)).rejects.toMatchObject({ code: 'CONFLICT' });

    const second = await llmCosts.reserve({ ...full, idempotency_key: 'once' });
    expect(await llmCosts.reserve({ ...full, idempotency_key: 'once' })).toEqual({
      ...second,
      repeated: true,
    });
    expect(await held()).toBe('1');
    now = '2026-11-22T20:28:31.408Z';
    expect(await held()).toBe('0');

    const third = await llmCosts.reserve(full);
    const request = { ...call, cost_usd: '0.25' };
    const settled = await llmCosts.settle(BigInt(third.id), request);
    expect(await llmCosts.settle(BigInt(third.id), request)).toEqual({ ...settled, repeated: true });
    await expect(llmCosts.settle(BigInt(third.id), call)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    expect(await llmCosts.release(BigInt(third.id))).toEqual({ id: third.id, state: 'settled' });
    expect([await held(), (await llmCosts.spend()).total_cost_usd]).toEqual(['0', '0.25']);
    // A call whose time is over was made all the same.
    await llmCosts.settle(BigInt(second.id), request);
    expect((await llmCosts.spend()).total_cost_usd).toBe('0.5');
    await expect(llmCosts.release(999_999n)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(llmCosts.settle(999_999n, call)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('an estimate of tokens is priced; where nobody knows the price an amount is asked for', async () => {
    const estimate = { model: 'gpt-4', tokens_input: 1_000, tokens_output: 500 };
    expect(await llmCosts.reserve(estimate)).toMatchObject({ amount_usd: '0.06' });
    await expect(llmCosts.reserve({ ...estimate, model: 'nobody-knows-it' })).rejects.toThrow(
      'amount_usd: expected an amount',
    );
    await expect(llmCosts.reserve({ model: 'gpt-4' })).rejects.toThrow('amount_usd: expected an amount, or');
  });

  it('an alert reaches the webhook once; one that fails is tried again', async () => {
    const got: { body: unknown; key: unknown }[] = [];
    let answer = 500;
    const server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        if (answer === 200) got.push({ body: JSON.parse(body), key: request.headers['idempotency-key'] });
        response.writeHead(answer).end();
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const settings = { everyMs: 20, timeoutMs: 1_000, retryMinMs: 1 };
    const telling = createLlmCosts({
      durable: stores.durable,
      clock: () => new Date(now),
      alerts: { webhookUrl, settings },
    });
    try {
      await telling.putBudget({ scope: 'all', daily_usd: '1' }, 'test');
      await telling.log({ ...call, cost_usd: '0.6' });
      await vi.waitFor(async () => {
        const { rows } = await stores.durable.query('select last_error from llm_budget_alerts');
        expect(rows).toEqual([{ last_error: 'the webhook answered 500' }]);
      });
      answer = 200;
      now = '2026-11-22T20:40:00.000Z';
      await vi.waitFor(() => expect(got).toHaveLength(1), 5_000);
      expect(got[0]).toEqual({
        key: expect.stringMatching(/^llm-budget-alert:\d+$/),
        body: {
          type: 'llm-budget',
          id: expect.stringMatching(/^\d+$/),
          scope: 'all',
          period: 'day',
          period_start: '2026-11-22',
          threshold: 50,
          status: 'CAUTION',
          budget_usd: '1',
          spent_usd: '0.6',
          created_at: '2026-11-22T20:28:30.408000Z',
        },
      });
      await Promise.all([telling.deliverAlerts(), telling.deliverAlerts()]);
      expect(got).toHaveLength(1);
    } finally {
      await telling.close();
      server.close();
    }
  });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
