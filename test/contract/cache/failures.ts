import { expect, it } from 'vitest';
import {
  type CacheSubject,
  eventually,
  gauge,
  held,
  LONG_MS,
  times,
  toExpire,
  twoProcesses,
} from './subject.ts';

const fault = new Error('the source does not answer');

export function failuresSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('shares one failure among all who wait in a process', async () => {
    const { here } = processes().pair();
    const { factory, running, runs, end } = held<string>();
    const callers = times(200, () => here.getOrSet('key', factory));
    await running();
    end.reject(fault);
    for (const outcome of await Promise.allSettled(callers)) {
      expect(outcome).toEqual({ status: 'rejected', reason: fault });
    }
    expect(runs()).toBe(1);
  });

  it('never runs two failing factories at once, in two processes', async () => {
    const { here, there } = processes().pair();
    const { factory, counts } = gauge(() => Promise.reject(fault));
    const callers = times(500, (at) => (at % 2 === 0 ? here : there).getOrSet('key', factory));
    for (const outcome of await Promise.allSettled(callers)) expect(outcome.status).toBe('rejected');
    expect(counts.most).toBe(1);
    expect(counts.runs).toBeLessThanOrEqual(2);
  });

  it('goes on where another process failed', async () => {
    const { here, there } = processes().pair<string>();
    const { factory, running, end } = held<string>();
    const failing = here.getOrSet('key', factory);
    await running();
    const waiting = there.getOrSet('key', () => 'made by the other');
    end.reject(fault);
    await expect(failing).rejects.toBe(fault);
    expect(await waiting).toBe('made by the other');
    await eventually(async () => expect(await here.get('key')).toBe('made by the other'));
  });

  it('gives the error again within errorBackoffMs, without a run', async () => {
    const { here } = processes().pair({ errorBackoffMs: LONG_MS });
    await expect(here.getOrSet('key', () => Promise.reject(fault))).rejects.toBe(fault);
    for (let again = 0; again < 3; again += 1) {
      await expect(here.getOrSet('key', () => expect.unreachable())).rejects.toBe(fault);
    }
    expect(await here.get('key')).toBeUndefined();
    expect(await here.getOrSet('other', () => 'fine')).toBe('fine');
  });

  it('tries again after errorBackoffMs, here and elsewhere', async () => {
    const { here, there } = processes().pair({ errorBackoffMs: 50 });
    await expect(here.getOrSet('key', () => Promise.reject(fault))).rejects.toBe(fault);
    await expect(there.getOrSet('key', () => Promise.reject(fault))).rejects.toBe(fault);
    await eventually(async () => expect(await here.getOrSet('key', () => 'made')).toBe('made'));
  });

  it('tries again at once where errorBackoffMs is 0', async () => {
    const { here, there } = processes().pair({ errorBackoffMs: 0 });
    for (const cache of [here, here, there, here]) {
      await expect(cache.getOrSet('key', () => Promise.reject(fault))).rejects.toBe(fault);
    }
    expect(await there.getOrSet('key', () => 'made')).toBe('made');
  });

  it('gives who fails at once the same treatment', async () => {
    const { here } = processes().pair({ errorBackoffMs: LONG_MS });
    const throwing = (): never => {
      throw fault;
    };
    await expect(here.getOrSet('key', throwing)).rejects.toBe(fault);
    await expect(here.getOrSet('key', () => expect.unreachable())).rejects.toBe(fault);
  });

  it.each(['here', 'there'] as const)('forgets a failure when the key is written %s', async (where) => {
    const pair = processes().pair<string>({ errorBackoffMs: LONG_MS });
    const { here } = pair;
    for (const write of ['set', 'delete'] as const) {
      await expect(here.getOrSet(write, () => Promise.reject(fault))).rejects.toBe(fault);
      if (write === 'set') await pair[where].set(write, 'written');
      else await pair[where].delete(write);
      await eventually(async () => {
        expect(await here.getOrSet(write, () => 'made')).toBe(write === 'set' ? 'written' : 'made');
      });
    }
  });

  it('forgets failures with clear', async () => {
    const { here } = processes().pair<string>({ errorBackoffMs: LONG_MS, hardTimeoutMs: 1_000 });
    const source = held<string>();
    await here.set('key', 'old', { ttlMs: LONG_MS });
    await here.clear();
    const failing = here.getOrSet('key', source.factory);
    await source.running();
    source.end.reject(fault);
    await expect(failing).rejects.toBe(fault);
    await here.delete('key');
    expect(await here.getOrSet('key', () => 'made')).toBe('made');
  });

  it('does not hold a failure against a key that was written while the factory ran', async () => {
    const { here } = processes().pair<string>({ errorBackoffMs: LONG_MS });
    const source = held<string>();
    const failing = here.getOrSet('key', source.factory);
    await source.running();
    await here.delete('key');
    source.end.reject(fault);
    await expect(failing).rejects.toBe(fault);
    expect(await here.getOrSet('key', () => 'made')).toBe('made');
  });

  it('gives the stale value instead, within staleIfErrorMs, as often as it fails', async () => {
    const { here, there } = processes().pair<string>({ staleIfErrorMs: LONG_MS, errorBackoffMs: LONG_MS });
    await here.set('key', 'old', { ttlMs: 1, jitter: 0 });
    await toExpire(here, 'key');
    await toExpire(there, 'key');
    const { factory, counts } = gauge(() => Promise.reject(fault));
    // Within the backoff it is given at once: nobody waits for its end.
    for (let again = 0; again < 3; again += 1) expect(await here.getOrSet('key', factory)).toBe('old');
    expect(counts.runs).toBe(1);
    expect(await here.get('key')).toBeUndefined();
  });

  it('gives the stale value where the process keeps no copies', async () => {
    const { here } = processes().pair<string>({
      staleIfErrorMs: LONG_MS,
      errorBackoffMs: LONG_MS,
      l1MaxEntries: 0,
    });
    await here.set('key', 'old', { ttlMs: 1, jitter: 0 });
    await toExpire(here, 'key');
    const { factory, counts } = gauge(() => Promise.reject(fault));
    for (let again = 0; again < 3; again += 1) expect(await here.getOrSet('key', factory)).toBe('old');
    expect(counts.runs).toBe(1);
  });

  it('takes staleIfErrorMs of a call', async () => {
    const { here, there } = processes().pair<string>({ errorBackoffMs: 0 });
    await here.set('key', 'old', { ttlMs: 1, jitter: 0, staleIfErrorMs: LONG_MS });
    await toExpire(here, 'key');
    for (const cache of [here, there]) {
      const failing = (): Promise<string> => Promise.reject(fault);
      expect(await cache.getOrSet('key', failing, { staleIfErrorMs: LONG_MS })).toBe('old');
      await expect(cache.getOrSet('key', failing)).rejects.toBe(fault);
    }
  });

  it('gives no stale value that was deleted, or dropped by its tag', async () => {
    const { here, there } = processes().pair<string>({ staleIfErrorMs: LONG_MS, errorBackoffMs: 0 });
    for (const drop of [() => here.delete('key'), () => here.deleteByTag('t'), () => here.clear()]) {
      await here.set('key', 'old', { ttlMs: 1, jitter: 0, tags: ['t'] });
      await toExpire(here, 'key');
      await drop();
      for (const cache of [here, there]) {
        const stale: unknown[] = [];
        const failing = cache.getOrSet('key', (context) => {
          stale.push(context.stale);
          return Promise.reject(fault);
        });
        await expect(failing).rejects.toBe(fault);
        expect(stale).toEqual([undefined]);
      }
    }
  });
}
