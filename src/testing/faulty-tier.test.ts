import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Server, startRedis } from '../../test/support/servers.ts';
import { createInProcessTier } from '../tiers/hot/in-process/tier.ts';
import { type HotTier, openHot } from '../tiers/hot/index.ts';
import { type FaultyCall, faultyTier, seededTierFaults, type TierFault } from './faulty-tier.ts';

const LATER = Date.now() + 600_000;
const KEY = 's:c:test:key';

let hot: HotTier;
let calls: FaultyCall[];
let next: TierFault | undefined;
beforeEach(() => {
  hot = createInProcessTier({ prefix: 's:', timeoutMs: 200 });
  calls = [];
  next = undefined;
});
afterEach(() => hot.close());

/** Every call has the fault that was set last. */
const faulty = (): HotTier =>
  faultyTier(hot, (call) => {
    calls.push(call);
    return next;
  });

describe('faultyTier', () => {
  it('is the tier where nothing goes wrong', async () => {
    const tier = faulty();
    expect([tier.kind, tier.prefix, tier.timeoutMs, tier.state().state]).toEqual([
      'in-process',
      's:',
      200,
      'up',
    ]);
    const version = await tier.entries.write(KEY, 'body', LATER);
    expect(await tier.entries.read(KEY)).toEqual({ kind: 'value', version, body: 'body' });
    expect((await tier.scan('s:')).keys).toEqual([KEY]);
    expect(calls.map(({ facet, method, number }) => [facet, method, number])).toEqual([
      ['entries', 'write', 1],
      ['entries', 'read', 2],
      ['tier', 'scan', 3],
    ]);
    expect(calls[0]!.args).toEqual([KEY, 'body', LATER]);
  });

  it('tells of writes as the tier does', async () => {
    const tier = faulty();
    const told: string[] = [];
    const feed = tier.coherence.subscribe({ invalidated: (key) => told.push(key), gap: () => undefined });
    await hot.entries.write(KEY, 'other', LATER);
    await tier.entries.write('s:c:test:own', 'mine', LATER, feed);
    expect(told).toEqual([KEY]);
  });

  it.each(['HOT_UNAVAILABLE', 'HOT_TIMEOUT'] as const)('refuses with %s what is not done', async (code) => {
    next = { kind: 'refuse', code };
    await expect(faulty().entries.write(KEY, 'body', LATER)).rejects.toMatchObject({ code });
    expect(await hot.entries.read(KEY)).toBeUndefined();
    await expect(faulty().ping()).rejects.toMatchObject({ code });
  });

  it('does what it gives no answer to', async () => {
    next = { kind: 'lose-answer' };
    const tier = faulty();
    await expect(tier.entries.write(KEY, 'body', LATER)).rejects.toMatchObject({ code: 'HOT_TIMEOUT' });
    expect(await hot.entries.read(KEY)).toMatchObject({ body: 'body' });
    await expect(tier.statistics.count('s:n', { hits: 1 })).rejects.toMatchObject({ code: 'HOT_TIMEOUT' });
    expect(await hot.statistics.counts('s:n')).toEqual({ hits: 1 });
  });

  it('tells of each of many writes that it is not known', async () => {
    const writes = ['a', 'b'].map((name) => ({ key: KEY + name, body: name, expiresAtMs: LATER }));
    next = { kind: 'refuse', code: 'HOT_UNAVAILABLE' };
    expect(await faulty().entries.writeMany(writes)).toEqual([false, false]);
    expect(await hot.entries.read(`${KEY}a`)).toBeUndefined();
    next = { kind: 'lose-answer' };
    expect(await faulty().entries.writeMany(writes)).toEqual([false, false]);
    expect(await hot.entries.read(`${KEY}b`)).toMatchObject({ body: 'b' });
  });

  it.each([
    ['call', undefined],
    ['answer', { body: 'body' }],
  ] as const)('delays the %s', async (of, meanwhile) => {
    next = { kind: 'delay', ms: 50, of };
    const since = performance.now();
    const written = faulty().entries.write(KEY, 'body', LATER);
    const found = await hot.entries.read(KEY);
    if (meanwhile === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(meanwhile);
    const version = await written;
    expect(performance.now() - since).toBeGreaterThan(45);
    expect(await hot.entries.read(KEY)).toMatchObject({ version });
  });

  it('refuses a delay that no call of the tier may take', async () => {
    next = { kind: 'delay', ms: 201, of: 'call' };
    await expect(faulty().entries.read(KEY)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('closes the tier', async () => {
    await faulty().close();
    expect(hot.state().state).toBe('down');
  });

  it('wraps the driver of Redis as well', async () => {
    const server: Server = await startRedis();
    const redis = await openHot({ redis: server.url });
    const tier = faultyTier(redis, ({ method }) =>
      method === 'write' ? { kind: 'lose-answer' } : undefined,
    );
    const key = 'stockroom:c:test:key';
    expect([tier.topology, tier.location, tier.coherence.mode]).toEqual([
      'standalone',
      redis.location,
      'tracking',
    ]);
    await expect(tier.entries.write(key, 'body', LATER)).rejects.toMatchObject({ code: 'HOT_TIMEOUT' });
    expect(await tier.entries.read(key)).toMatchObject({ body: 'body' });
    expect((await tier.info()).keys).toBe(1);
    await tier.close();
    await server.stop();
  });
});

describe('seededTierFaults', () => {
  const call = (number: number): FaultyCall => ({ facet: 'entries', method: 'read', args: [], number });
  const kindsOf = (seed: number, share: number): string[] => {
    const faults = seededTierFaults({ seed, share });
    return Array.from({ length: 500 }, (_, at) => JSON.stringify(faults(call(at + 1)) ?? 'none'));
  };

  it('gives the same faults for the same seed', () => {
    expect(kindsOf(7, 0.5)).toEqual(kindsOf(7, 0.5));
    expect(kindsOf(7, 0.5)).not.toEqual(kindsOf(8, 0.5));
  });

  it('gives its share of faults, of every kind', () => {
    const found = kindsOf(1, 0.4);
    const none = found.filter((kind) => kind === '"none"').length;
    expect(none).toBeGreaterThan(250);
    expect(none).toBeLessThan(350);
    for (const kind of ['"of":"call"', '"of":"answer"', 'UNAVAILABLE', 'HOT_TIMEOUT', 'lose-answer']) {
      expect(found.some((fault) => fault.includes(kind))).toBe(true);
    }
    expect(new Set(kindsOf(1, 0))).toEqual(new Set(['"none"']));
    expect(kindsOf(1, 1)).not.toContain('"none"');
  });

  it('leaves other facets alone', () => {
    const faults = seededTierFaults({ seed: 1, share: 1, facets: ['leases'] });
    expect(faults(call(1))).toBeUndefined();
    expect(faults({ ...call(2), facet: 'leases' })).toBeDefined();
  });

  it.each([
    { seed: -1, share: 0.1 },
    { seed: 1, share: 1.5 },
    { seed: 1, share: Number.NaN },
    { seed: 1, share: 0, delayMaxMs: -1 },
  ])('refuses %j', (options) => {
    expect(() => seededTierFaults(options)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
