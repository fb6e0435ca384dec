import { expect, it } from 'vitest';
import type { HotTier } from '../../../src/tiers/hot/port.ts';
import {
  entryKey,
  eventually,
  freshKey,
  later,
  listen,
  LONG_MS,
  type Subject,
  twoHandles,
} from './subject.ts';

/** One call of every operation that either answers or rejects, each on a key of its own. */
function everyCall(tier: HotTier): Promise<unknown>[] {
  const lease = { key: freshKey(tier), token: 'x', fence: 1 };
  return [
    tier.entries.read(entryKey(tier)),
    tier.entries.readMany([entryKey(tier)]),
    tier.entries.write(entryKey(tier), 'body', later()),
    tier.entries.drop([entryKey(tier)]),
    tier.entries.claim(entryKey(tier), LONG_MS),
    tier.entries.extend(entryKey(tier), 'x', LONG_MS),
    tier.entries.unclaim(entryKey(tier), 'x'),
    tier.entries.fill(entryKey(tier), 'x', 'body', later()),
    tier.entries.mark(entryKey(tier)),
    tier.projections.read(freshKey(tier)),
    tier.projections.apply(freshKey(tier), { set: { a: '1' } }),
    tier.projections.begin(freshKey(tier), LONG_MS),
    tier.projections.replace(freshKey(tier), 'x', { kind: 'text', text: '' }, undefined),
    tier.projections.place([{ key: freshKey(tier), content: { kind: 'text', text: '' } }], undefined),
    tier.projections.drop(freshKey(tier)),
    tier.rankings.put(freshKey(tier), [{ id: 'a', score: 1 }]),
    tier.rankings.top(freshKey(tier), 1),
    tier.rankings.remove(freshKey(tier), ['a']),
    tier.sessions.put(freshKey(tier), { a: '1' }, LONG_MS),
    tier.sessions.get(freshKey(tier), 'a'),
    tier.sessions.all(freshKey(tier)),
    tier.sessions.remove(freshKey(tier), ['a']),
    tier.sessions.touch(freshKey(tier), LONG_MS),
    tier.sessions.end(freshKey(tier)),
    tier.leases.acquire(freshKey(tier), LONG_MS),
    tier.leases.renew(lease, LONG_MS),
    tier.leases.release(lease),
    tier.quotas.take(freshKey(tier), { limit: 1, windowMs: 1_000 }),
    tier.statistics.count(freshKey(tier), { hits: 1 }),
    tier.statistics.counts(freshKey(tier)),
    tier.scan(freshKey(tier)),
    tier.ping(),
    tier.info(),
  ];
}

/** What a tier says of itself, and its end. */
export function tierSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('says what and where it is', () => {
    const { here, there } = handles();
    expect(here.kind).toBe(here.topology === 'in-process' ? 'in-process' : 'redis');
    expect(here.location).not.toBe('');
    expect(here.timeoutMs).toBeGreaterThan(0);
    expect(here.prefix).not.toBe('');
    expect([there.kind, there.topology, there.prefix]).toEqual([here.kind, here.topology, here.prefix]);
  });

  it('says that it is up, with every node', () => {
    const { here } = handles();
    const state = here.state();
    expect(state).toMatchObject({ state: 'up', breaker: 'closed' });
    expect(state.nodes.length).toBeGreaterThan(0);
    for (const node of state.nodes) expect(node).toMatchObject({ connected: true, breaker: 'closed' });
  });

  it('measures a round trip', async () => {
    const { latencyMs, version } = await handles().here.ping();
    expect(latencyMs).toBeGreaterThanOrEqual(0);
    expect(latencyMs).toBeLessThan(handles().here.timeoutMs);
    expect(version).toMatch(/^\d+\.\d+/);
  });

  it('gives figures that follow what happens', async () => {
    const { here } = handles();
    const before = await here.info();
    const key = freshKey(here);
    await here.sessions.put(key, { a: 'x'.repeat(1_000_000) }, LONG_MS);
    await here.sessions.get(key, 'a');
    await here.sessions.get(freshKey(here), 'a');
    // Connections of closed tiers of other tests may go meanwhile, and expired keys too.
    await eventually(async () => {
      const after = await here.info();
      expect(after.memoryBytes).toBeGreaterThan(before.memoryBytes);
      expect(after.hits).toBeGreaterThan(before.hits);
      expect(after.misses).toBeGreaterThan(before.misses);
      expect(after.keys).toBeGreaterThan(0);
      expect(after.clients).toBeGreaterThan(0);
      expect(after.evictedKeys).toBeGreaterThanOrEqual(before.evictedKeys);
      expect(after.memoryLimitBytes).toBeGreaterThanOrEqual(0);
      expect(after.evictionPolicy).not.toBe('');
      expect(after.version).toBe((await here.ping()).version);
    });
    await here.sessions.end(key);
  });

  it('rejects every call after it was closed, while the others go on', async () => {
    const { here } = handles();
    const tier = await subject.open();
    const kept = freshKey(tier);
    const { keys } = await listen(tier);
    await tier.sessions.put(kept, { a: '1' }, LONG_MS);
    await tier.close();
    const told = keys.length;
    for (const outcome of await Promise.allSettled(everyCall(tier))) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'HOT_UNAVAILABLE' } });
    }
    expect(tier.state()).toMatchObject({ state: 'down' });
    expect(tier.coherence.trustedUntil).toBe(0);
    await tier.close();
    expect(await here.sessions.all(kept)).toEqual({ a: '1' });
    await here.entries.write(entryKey(here), 'body', later());
    expect(keys).toHaveLength(told);
  });

  it('answers every call where nothing stands yet', async () => {
    for (const outcome of await Promise.allSettled(everyCall(handles().there))) {
      expect(outcome).toMatchObject({ status: 'fulfilled' });
    }
  });
}
