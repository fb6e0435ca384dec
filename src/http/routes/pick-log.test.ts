import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, routesOver, type TestStores } from '../../../test/support/stores.ts';
import { createCalendar } from '../../market/index.ts';
import { createPickLog, type PickLog } from '../../stores/pick-log/store.ts';
import type { App } from '../app.ts';
import { routePickLog } from './pick-log.ts';
import { routePolicies } from './policies.ts';

const pick = { symbol: 'TCS', mode: 'Swing', price: 100, signal_ts: '2026-11-20T05:00:00Z' };

describe('picks and policies over HTTP', () => {
  let stores: TestStores;
  let log: PickLog;
  let app: App;

  beforeAll(async () => {
    stores = await freshStores('embedded');
    log = createPickLog({
      durable: stores.durable,
      calendar: createCalendar(),
      clock: () => new Date('2026-12-31T00:00:00Z'),
    });
    const candles = (_: string, date: string) =>
      Promise.resolve([{ date, open: 100, high: 103, low: 98, close: 102, volume: null }]);
    app = await routesOver((over) => {
      routePickLog(over, log, (given, watch) => log.computeOutcomes({ ...given, ...watch, candles }));
      routePolicies(over, log.policies);
    });
  });
  afterAll(async () => {
    await app.close();
    await log.close();
    await stores.remove();
  });

  type Method = 'GET' | 'POST' | 'PUT' | 'PATCH';
  async function ask(method: Method, url: string, payload?: unknown, headers: Record<string, string> = {}) {
    const body = payload === undefined ? {} : { payload: payload as object };
    const answer = await app.inject({ method, url, headers, ...body });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  }

  it('logs one and many, gives them back, and keeps keys apart', async () => {
    const one = await ask('POST', '/v1/picks', pick, { 'idempotency-key': 'one' });
    expect(one).toMatchObject({ status: 201, body: { symbol: 'TCS', trade_date: '2026-11-20' } });
    const again = await ask('POST', '/v1/picks', pick, { 'idempotency-key': 'one' });
    expect(again).toEqual({ status: 200, body: { ...one.body, repeated: true } });
    const other = await ask('POST', '/v1/picks', { ...pick, price: 7 }, { 'idempotency-key': 'one' });
    expect(other).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_CONFLICT' } });
    const many = await ask('POST', '/v1/picks', [pick, { ...pick, symbol: 'INFY' }]);
    expect(many).toMatchObject({ status: 201, body: { items: [{ symbol: 'TCS' }, { symbol: 'INFY' }] } });
    expect(await ask('POST', '/v1/picks', { picks: [pick] })).toMatchObject({ status: 201 });
    const listed = await ask('GET', '/v1/picks?symbol=infy&limit=1');
    expect(listed).toMatchObject({ status: 200, body: { items: [{ symbol: 'INFY', contributions: [] }] } });
    const found = await ask('GET', `/v1/picks/${String(one.body['pick_uuid'])}`);
    expect(found).toMatchObject({ status: 200, body: { signal_price: 100 } });
    expect(await ask('GET', '/v1/picks/none')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  it('takes outcomes and exits', async () => {
    const { body } = await ask('POST', '/v1/picks', { ...pick, mode: 'Scalping', symbol: 'SBIN' });
    const uuid = String(body['pick_uuid']);
    const put = await ask('PUT', `/v1/picks/${uuid}/outcomes/eod`, { price_close: 99 });
    expect(put).toMatchObject({
      status: 200,
      body: { evaluation_horizon: 'EOD', ret_close_pct: -1, outcome_label: 'LOSS' },
    });
    const nobody = await ask('PUT', '/v1/picks/none/outcomes/EOD', { price_close: 99 });
    expect(nobody).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const exit = { symbol: 'SBIN', exit_time: '2026-11-20T11:00:00', exit_price: 101, exit_reason: 'TARGET' };
    expect(await ask('POST', '/v1/picks/scalping-exits', exit)).toMatchObject({
      status: 200,
      body: { matched: 1, items: [{ pick_uuid: uuid, exit_time: '2026-11-20T05:30:00.000000Z' }] },
    });
    expect(await ask('POST', '/v1/picks/scalping-exits', { exits: [exit] })).toMatchObject({
      body: { matched: 0, repeated: 1 },
    });
  });

  it('computes outcomes, with progress for who asks for it', async () => {
    await ask('POST', '/v1/picks', { ...pick, symbol: 'WIPRO', signal_ts: '2026-11-18T05:00:00Z' });
    const range = { from: '2026-11-18', to: '2026-11-18', horizon: 'EOD' };
    expect(await ask('POST', '/v1/picks/outcomes/compute', range)).toMatchObject({
      status: 200,
      body: { picks: 1, computed: 1, pending: 0, complete: true },
    });
    const lines = await app.inject({
      method: 'POST',
      url: '/v1/picks/outcomes/compute',
      payload: range,
      headers: { accept: 'application/x-ndjson' },
    });
    expect(lines.headers['content-type']).toBe('application/x-ndjson');
    const reports = lines.body.trim().split('\n');
    expect(reports.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { done: 1, existing: 1, complete: false },
      { done: 1, existing: 1, complete: true },
    ]);
  });

  it('creates, changes and activates policies', async () => {
    expect(await ask('GET', '/v1/policies/active')).toMatchObject({ status: 404 });
    const policy = { policy_id: 'p1', name: 'first', config: { eps: 0.5 } };
    expect(await ask('POST', '/v1/policies', policy)).toMatchObject({
      status: 201,
      body: { status: 'DRAFT' },
    });
    expect(await ask('PATCH', '/v1/policies/p1', { metrics: { n: 1 } })).toMatchObject({ status: 200 });
    expect(await ask('POST', '/v1/policies/none/activate')).toMatchObject({ status: 404 });
    expect(await ask('POST', '/v1/policies/p1/activate')).toMatchObject({ status: 200 });
    expect(await ask('PATCH', '/v1/policies/p1', { config: {} })).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    });
    const active = await ask('GET', '/v1/policies/active');
    expect(active.body).toMatchObject({ policy_id: 'p1', metrics: { n: 1 }, config: { eps: 0.5 } });
    expect(await ask('GET', '/v1/policies?status=active')).toMatchObject({ body: { items: [active.body] } });
    expect(await ask('POST', '/v1/policies/p1/retire')).toMatchObject({ body: { status: 'RETIRED' } });
  });

  let deep: unknown = 1;
  for (let level = 0; level < 100; level += 1) deep = [deep];
  const exit = { symbol: 'A', exit_time: '2026-11-20T05:30:00Z', exit_price: 1 };
  const policy = { name: 'n', config: {} };
  const range = { from: '2026-11-18', to: '2026-11-18', horizon: 'EOD' };

  it.each<[Method, string, unknown, string]>([
    ['POST', '/v1/picks', { ...pick, symbol: 'A\0B' }, 'symbol'],
    ['POST', '/v1/picks', { ...pick, symbol: '\ud800' }, 'symbol'],
    ['POST', '/v1/picks', { ...pick, symbol: '  ' }, 'symbol'],
    ['POST', '/v1/picks', { ...pick, price: undefined }, 'signal_price'],
    ['POST', '/v1/picks', { ...pick, price: -1 }, 'price'],
    ['POST', '/v1/picks', { ...pick, price: 1e300 }, 'price'],
    ['POST', '/v1/picks', { ...pick, price: '1' }, 'price'],
    ['POST', '/v1/picks', { ...pick, signal_ts: 'yesterday' }, 'signal_ts'],
    ['POST', '/v1/picks', { ...pick, trade_date: '2026-02-30' }, 'trade_date'],
    ['POST', '/v1/picks', { ...pick, trade_date: '2026-11-19' }, 'trade_date'],
    ['POST', '/v1/picks', { ...pick, pick_uuid: 'zz' }, 'pick_uuid'],
    ['POST', '/v1/picks', { ...pick, direction: 'UP' }, 'direction'],
    ['POST', '/v1/picks', { ...pick, other: 1 }, 'other'],
    ['POST', '/v1/picks', { ...pick, extra_context: { a: ['\0'] } }, 'extra_context'],
    ['POST', '/v1/picks', { ...pick, extra_context: { a: deep } }, 'extra_context'],
    ['POST', '/v1/picks', { ...pick, contributions: [{}] }, 'contributions.0.agent_name'],
    ['POST', '/v1/picks', [pick, { ...pick, mode: 5 }], '1.mode'],
    ['POST', '/v1/picks', { picks: [{ ...pick, mode: '' }] }, 'picks.0.mode'],
    ['POST', '/v1/picks', [], ''],
    ['POST', '/v1/picks', 'text', ''],
    ['GET', '/v1/picks?limit=0', undefined, 'limit'],
    ['GET', '/v1/picks?symbol=%00', undefined, 'symbol'],
    ['GET', '/v1/picks?trade_date=x', undefined, 'trade_date'],
    ['GET', '/v1/picks?cursor=x', undefined, 'cursor'],
    ['GET', '/v1/picks?other=x', undefined, 'other'],
    ['GET', '/v1/picks/%00', undefined, 'uuid'],
    ['PUT', '/v1/picks/a/outcomes/E%00', { price_close: 1 }, 'horizon'],
    ['PUT', '/v1/picks/a/outcomes/EOD', {}, 'price_close'],
    ['PUT', '/v1/picks/a/outcomes/EOD', { price_close: 1, price_high: 1, price_low: 2 }, 'price_low'],
    ['PUT', '/v1/picks/a/outcomes/EOD', { price_close: 1, outcome_label: 'DRAW' }, 'outcome_label'],
    ['POST', '/v1/picks/scalping-exits', { ...exit, exit_price: 0 }, 'exit_price'],
    ['POST', '/v1/picks/scalping-exits', { exits: [{ ...exit, exit_time: 5 }] }, 'exits.0.exit_time'],
    ['POST', '/v1/picks/outcomes/compute', { ...range, horizon: 'SCALPING' }, 'horizon'],
    ['POST', '/v1/picks/outcomes/compute', { ...range, horizon: '999D' }, 'horizon'],
    ['POST', '/v1/picks/outcomes/compute', { ...range, to: '2026-11-17' }, 'to'],
    ['POST', '/v1/policies', { ...policy, config: [] }, 'config'],
    ['POST', '/v1/policies', { ...policy, policy_id: 'a b' }, 'policy_id'],
    ['POST', '/v1/policies', { ...policy, name: 'x\0' }, 'name'],
    ['PATCH', '/v1/policies/p1', {}, 'at least one'],
    ['PATCH', '/v1/policies/p1', { status: 'ACTIVE' }, 'status'],
    ['GET', '/v1/policies?status=x', undefined, 'status'],
    ['GET', '/v1/policies/active?as_of=x', undefined, 'as_of'],
  ])('%s %s of %j is refused with its name', async (method, url, payload, field) => {
    const headers = typeof payload === 'string' ? { 'content-type': 'application/json' } : {};
    const body = typeof payload === 'string' ? JSON.stringify(payload) : payload;
    const answer = await ask(method, url, body, headers);
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
    expect(answer.body['detail']).toContain(field);
  });
});
