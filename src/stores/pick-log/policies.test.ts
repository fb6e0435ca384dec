import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createCalendar } from '../../market/index.ts';
import { policiesQuery, policyInput, policyPatch } from './policy-schema.ts';
import { createPickLog, type PickLog, type Policies } from './store.ts';

describe.each(storeKinds)('policies on the %s tiers', (kind) => {
  let stores: TestStores;
  let log: PickLog;
  let policies: Policies;
  let minute = 0;
  const at = (minutes: number) =>
    new Date(Date.parse('2026-11-20T00:00:00Z') + minutes * 60_000).toISOString();
  const draft = (policy_id: string) =>
    policies.create(policyInput.parse({ policy_id, name: policy_id, config: { eps: 0.1 } }));
  const states = async () => {
    const { items } = await policies.list(policiesQuery.parse({}));
    return Object.fromEntries(items.map(({ policy_id, status }) => [policy_id, status]));
  };
  const audited = async () => {
    const { rows } = await stores.durable.query<Record<string, string>>(
      'select actor, action, subject from audit_log order by id',
    );
    return rows.map(({ actor, action, subject }) => `${actor} ${action} ${subject}`);
  };

  beforeAll(async () => {
    stores = await freshStores(kind);
    log = createPickLog({
      durable: stores.durable,
      calendar: createCalendar(),
      clock: () => new Date(at(minute)),
    });
    ({ policies } = log);
  });
  beforeEach(async () => {
    minute = 0;
    await stores.durable.query('truncate rl_policies, audit_log');
  });
  afterAll(async () => {
    await log.close();
    await stores.remove();
  });

  it('one is active, the others are retired when it is replaced', async () => {
    await expect(policies.active()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const id of ['a', 'b']) expect(await draft(id)).toMatchObject({ status: 'DRAFT', metrics: null });
    minute = 1;
    await policies.activate('a', { actor: 'ann' });
    minute = 2;
    await policies.activate('b', { actor: 'ben' });
    expect(await states()).toEqual({ a: 'RETIRED', b: 'ACTIVE' });
    expect(await policies.active()).toMatchObject({ policy_id: 'b', deactivated_at: null });
    expect(await policies.get('a')).toMatchObject({
      activated_at: '2026-11-20T00:01:00.000000Z',
      deactivated_at: '2026-11-20T00:02:00.000000Z',
    });
    // Once more changes nothing.
    minute = 3;
    expect(await policies.activate('b')).toEqual(await policies.active());
    expect(await audited()).toEqual([
      'library policy.created policy:a',
      'library policy.created policy:b',
      'ann policy.activated policy:a',
      'ben policy.retired policy:a',
      'ben policy.activated policy:b',
    ]);
  });

  it('an unknown id changes nothing', async () => {
    await draft('a');
    const active = await policies.activate('a');
    await expect(policies.activate('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(policies.retire('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(policies.update('nobody', { name: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await policies.active()).toEqual(active);
  });

  it('callers at once leave exactly one active', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const id of ids) await draft(id);
    await Promise.all([...ids, ...ids].map((id) => policies.activate(id)));
    const found = Object.values(await states());
    expect(found.filter((status) => status === 'ACTIVE')).toHaveLength(1);
    expect(found.filter((status) => status === 'RETIRED')).toHaveLength(5);
  });

  it('the database refuses a second active one, whoever writes', async () => {
    await draft('a');
    await draft('b');
    await policies.activate('a');
    const second = stores.durable.query("update rl_policies set status = 'ACTIVE' where policy_id = 'b'");
    await expect(second).rejects.toMatchObject({ details: { sqlState: '23505' } });
  });

  it('changes what is given, and the config of a draft alone', async () => {
    await draft('a');
    const patch = (given: Record<string, unknown>) => policies.update('a', policyPatch.parse(given));
    expect(await patch({ config: { eps: 1 }, description: 'first' })).toMatchObject({
      config: { eps: 1 },
      description: 'first',
      name: 'a',
    });
    await policies.activate('a');
    await expect(patch({ config: {} })).rejects.toMatchObject({ code: 'CONFLICT' });
    minute = 9;
    expect(await patch({ metrics: { sharpe: 1.2 }, description: null })).toMatchObject({
      config: { eps: 1 },
      metrics: { sharpe: 1.2 },
      description: null,
      status: 'ACTIVE',
      updated_at: '2026-11-20T00:09:00.000000Z',
    });
    await expect(draft('a')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('creating the same one again changes nothing', async () => {
    const first = await draft('a');
    minute = 1;
    expect(await draft('a')).toEqual(first);
    expect(await audited()).toHaveLength(1);
  });

  it('tells which one was active at a time', async () => {
    await draft('a');
    await draft('b');
    minute = 10;
    await policies.activate('a');
    minute = 20;
    await policies.activate('b');
    minute = 30;
    await policies.activate('a');
    minute = 40;
    await policies.update('a', { metrics: { later: true } });
    minute = 50;
    await policies.retire('a');
    const was = async (minutes: number) => {
      try {
        return (await policies.active({ as_of: at(minutes) })).policy_id;
      } catch {
        return undefined;
      }
    };
    expect([await was(5), await was(10), await was(25), await was(30), await was(50)]).toEqual([
      undefined,
      'a',
      'b',
      'a',
      undefined,
    ]);
    expect(await policies.active({ as_of: at(35) })).toMatchObject({ status: 'ACTIVE', metrics: null });
    expect(await policies.active({ as_of: at(45) })).toMatchObject({ metrics: { later: true } });
    await expect(policies.active()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
