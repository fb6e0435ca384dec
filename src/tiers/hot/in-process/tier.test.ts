import { describe, expect, it } from 'vitest';
import type { FeedListener, HotTier } from '../port.ts';
import { MARK_LIFE_MS } from '../port.ts';
import { createInProcessTier } from './tier.ts';

const listener = (invalidated: (key: string) => void): FeedListener => ({
  invalidated,
  gap: () => undefined,
});
const never = Number.POSITIVE_INFINITY;

describe('an in-process tier', () => {
  it('says what it is', () => {
    const tier = createInProcessTier({ prefix: 'p:' });
    expect([tier.kind, tier.topology, tier.location]).toEqual(['in-process', 'in-process', 'in the process']);
    expect(tier.coherence).toMatchObject({ mode: 'in-process', trustedUntil: never, heartbeatMs: 1_000 });
    expect(createInProcessTier({ prefix: 'p:', timeoutMs: 7 }).timeoutMs).toBe(7);
  });

  it('shares nothing with another one', async () => {
    const [one, two] = [createInProcessTier({ prefix: 'p:' }), createInProcessTier({ prefix: 'p:' })];
    const told: string[] = [];
    two.coherence.subscribe(listener((key) => told.push(key)));
    await one.entries.write('p:c:key', 'body', never);
    await one.sessions.put('p:session', { a: '1' }, 1_000);
    expect(await two.entries.read('p:c:key')).toBeUndefined();
    expect(await two.sessions.all('p:session')).toEqual({});
    expect((await two.scan('')).keys).toEqual([]);
    expect(told).toEqual([]);
  });

  it('is bounded, and says by how much and how often that was felt', async () => {
    const tier = createInProcessTier({ prefix: 'p:', maxEntries: 10, maxBytes: 100_000 });
    for (let index = 0; index < 30; index += 1) await tier.entries.write(`p:c:${index}`, 'body', never);
    expect(await tier.info()).toMatchObject({
      keys: 10,
      memoryLimitBytes: 100_000,
      evictedKeys: 20,
      evictionPolicy: 'allkeys-lru',
      clients: 1,
    });
    expect((await createInProcessTier({ prefix: 'p:' }).info()).memoryLimitBytes).toBe(64 * 2 ** 20);
  });

  it('does every step at once, before anybody waits for it', async () => {
    const tier = createInProcessTier({ prefix: 'p:' });
    const order: string[] = [];
    tier.coherence.subscribe(listener((key) => order.push(key)));
    const writing = tier.entries.write('p:c:key', 'body', never);
    order.push('after the call');
    await writing;
    expect(order).toEqual(['p:c:key', 'after the call']);
  });

  it('has a fence that rises while the clock stands still or goes back', async () => {
    let now = 5_000;
    const tier = createInProcessTier({ prefix: 'p:', clock: () => new Date(now) });
    const fences = [];
    for (const step of [0, 0, -1_000, 0]) {
      now += step;
      fences.push((await tier.leases.acquire(`p:${fences.length}`, 10))?.fence);
    }
    expect(fences).toEqual([5_000_000, 5_000_001, 5_000_002, 5_000_003]);
  });

  it('has marks that live for their time', async () => {
    let now = 5_000;
    const tier = createInProcessTier({ prefix: 'p:', clock: () => new Date(now) });
    const first = await tier.entries.mark('p:c:mark');
    now += MARK_LIFE_MS - 1;
    expect(await tier.entries.mark('p:c:mark')).toBe(first);
    now += 1;
    expect(await tier.entries.mark('p:c:mark')).not.toBe(first);
  });
});

describe('what is told in the process', () => {
  it('comes after the step that it tells of is complete', async () => {
    const tier = createInProcessTier({ prefix: 'p:' });
    const keys = ['p:c:1', 'p:c:2', 'p:c:3'];
    await tier.entries.writeMany(keys.map((key) => ({ key, body: 'before', expiresAtMs: never })));
    const seen: Promise<unknown>[] = [];
    tier.coherence.subscribe(listener(() => seen.push(tier.entries.readMany(keys))));
    await tier.entries.drop(keys);
    expect(await Promise.all(seen)).toEqual(keys.map(() => [undefined, undefined, undefined]));
  });

  it('keeps its order when a listener changes something', async () => {
    const tier = createInProcessTier({ prefix: 'p:' });
    const told: string[] = [];
    tier.coherence.subscribe(
      listener((key) => {
        if (key === 'p:c:1') void tier.entries.write('p:c:echo', 'body', never);
      }),
    );
    tier.coherence.subscribe(listener((key) => told.push(key)));
    const writes = ['p:c:1', 'p:c:2'].map((key) => ({ key, body: 'body', expiresAtMs: never }));
    await tier.entries.writeMany(writes);
    expect(told).toEqual(['p:c:1', 'p:c:2', 'p:c:echo']);
  });

  it('includes claims and what was expired', async () => {
    let now = 5_000;
    const tier = createInProcessTier({ prefix: 'p:', clock: () => new Date(now) });
    const told: string[] = [];
    const feed = tier.coherence.subscribe(listener((key) => told.push(key)));
    await tier.entries.claim('p:c:claimed', 10);
    await tier.entries.write('p:c:mine', 'body', 5_010, feed);
    expect(told).toEqual(['p:c:claimed']);
    now = 5_010;
    await tier.entries.readMany(['p:c:claimed', 'p:c:mine']);
    expect(told).toEqual(['p:c:claimed', 'p:c:claimed', 'p:c:mine']);
  });

  it('does not fail a writer when a listener fails', async () => {
    const tier = createInProcessTier({ prefix: 'p:' });
    const fault = new Error('a listener failed');
    tier.coherence.subscribe(
      listener(() => {
        throw fault;
      }),
    );
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const caught = new Promise((resolve) => process.once('uncaughtException', resolve));
      await tier.entries.write('p:c:key', 'body', never);
      expect(await caught).toBe(fault);
      expect(await tier.entries.read('p:c:key')).toMatchObject({ body: 'body' });
    } finally {
      for (const other of others) process.on('uncaughtException', other);
    }
  });

  it('is nothing for a tier that was closed', async () => {
    const tier = createInProcessTier({ prefix: 'p:' });
    await tier.close();
    expect(() => tier.coherence.subscribe(listener(() => undefined))).toThrow('was closed');
    expect(tier.coherence.trustedUntil).toBe(0);
  });
});

describe('what an in-process tier refuses', () => {
  const wrong: readonly [string, (tier: HotTier) => Promise<unknown>][] = [
    ['an entry read as a projection', (tier) => tier.projections.read('p:entry')],
    ['an entry changed as a projection', (tier) => tier.projections.apply('p:entry', { set: { a: '1' } })],
    ['an entry acquired as a lease', (tier) => tier.leases.acquire('p:entry', 1)],
    ['an entry taken as a quota', (tier) => tier.quotas.take('p:entry', { limit: 1, windowMs: 1 })],
    ['a session read as an entry', (tier) => tier.entries.read('p:session')],
    ['a session claimed as an entry', (tier) => tier.entries.claim('p:session', 1)],
    ['a session put as a ranking', (tier) => tier.rankings.put('p:session', [{ id: 'a', score: 1 }])],
    ['a ranking put as a session', (tier) => tier.sessions.put('p:ranking', { a: '1' }, 1)],
    ['a ranking counted as statistics', (tier) => tier.statistics.count('p:ranking', { hits: 1 })],
  ];

  it.each(wrong)('is %s', async (_, call) => {
    const tier = createInProcessTier({ prefix: 'p:' });
    await tier.entries.write('p:entry', 'body', never);
    await tier.sessions.put('p:session', { a: '1' }, 1_000);
    await tier.rankings.put('p:ranking', [{ id: 'a', score: 1 }]);
    await expect(call(tier)).rejects.toMatchObject({ code: 'HOT_REFUSED' });
    expect(await tier.entries.read('p:entry')).toMatchObject({ body: 'body' });
    expect(await tier.sessions.all('p:session')).toEqual({ a: '1' });
    expect(await tier.rankings.top('p:ranking', 5)).toEqual([{ id: 'a', score: 1 }]);
  });

  it('is input of the wrong form', async () => {
    const tier = createInProcessTier({ prefix: 'p:' });
    const epoch = await tier.projections.begin('p:hash', 1_000);
    await tier.projections.replace('p:hash', epoch, { kind: 'hash', fields: { a: '1' } }, undefined);
    const calls = [tier.statistics.count('p:statistics', { hits: 0.5 }), tier.scan('p:', 'nowhere')];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_INPUT' } });
    }
    expect(await tier.projections.read('p:hash')).toEqual({ kind: 'hash', fields: { a: '1' } });
  });
});
