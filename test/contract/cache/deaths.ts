import { expect, it } from 'vitest';
import {
  type CacheSubject,
  endProcess,
  eventually,
  freshName,
  held,
  LONG_MS,
  shortLifeToEnd,
  startProcess,
  toExpire,
  twoProcesses,
} from './subject.ts';

const CLAIM_MS = 300;

export function deathsSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it.each(['nothing there', 'a stale value there'])(
    'takes over from a process that died while it made a value, with %s',
    async (what) => {
      const { there } = processes();
      const options = { claimMs: CLAIM_MS, hardTimeoutMs: 20_000, staleIfErrorMs: LONG_MS };
      const name = freshName();
      const survivor = there.manager.namespace<string>(name, options);
      const dying = await startProcess(subject);
      const cache = dying.manager.namespace<string>(name, { ...options, hardTimeoutMs: 5_000 });
      if (what === 'a stale value there') {
        await cache.set('key', 'old', { ttlMs: 1, jitter: 0 });
        await toExpire(survivor, 'key');
        await toExpire(cache, 'key');
      }
      const { factory, running } = held<string>();
      const lost = cache.getOrSet('key', factory);
      lost.catch(() => undefined);
      await running();
      await dying.hot.close();
      expect(await survivor.getOrSet('key', () => 'made by the survivor')).toBe('made by the survivor');
      await dying.manager.close();
    },
  );

  it.each(['nothing there', 'a stale value there'])(
    'waits for a factory that outlives claimMs, with %s',
    async (what) => {
      const { here, there } = processes().pair<string>({ claimMs: CLAIM_MS, staleIfErrorMs: LONG_MS });
      if (what === 'a stale value there') {
        await here.set('key', 'old', { ttlMs: 1, jitter: 0 });
        await toExpire(here, 'key');
        await toExpire(there, 'key');
      }
      const { factory, running, end } = held<string>();
      const made = here.getOrSet('key', factory);
      await running();
      const waiting = there.getOrSet('key', () => expect.unreachable());
      waiting.catch(() => undefined);
      // The claim would have ended three times by then.
      await shortLifeToEnd(processes().there.hot);
      end.resolve('made');
      expect(await made).toBe('made');
      expect(await waiting).toBe('made');
      expect(await there.get('key')).toBe('made');
    },
  );

  it('lets another process take over from one that was closed', async () => {
    const { there } = processes();
    const name = freshName();
    const survivor = there.manager.namespace<string>(name, { claimMs: LONG_MS, hardTimeoutMs: 20_000 });
    const ending = await startProcess(subject);
    const cache = ending.manager.namespace<string>(name, { claimMs: LONG_MS });
    const { factory, running } = held<string>();
    const lost = cache.getOrSet('key', factory);
    lost.catch(() => undefined);
    await running();
    await endProcess(ending);
    await expect(lost).rejects.toMatchObject({ code: expect.any(String) });
    expect(await survivor.getOrSet('key', () => 'made by the survivor')).toBe('made by the survivor');
  });

  it('serves nothing from the process after it was closed, which nobody would correct', async () => {
    const { there } = processes();
    const name = freshName();
    const other = there.manager.namespace<string>(name);
    const ended = await startProcess(subject);
    const cache = ended.manager.namespace<string>(name);
    await cache.set('key', 'old');
    expect(await cache.get('key')).toBe('old');
    await ended.manager.close();
    await other.set('key', 'new');
    await eventually(async () => expect(await cache.get('key')).toBe('new'));
    await other.set('key', 'newer');
    expect(await cache.get('key')).toBe('newer');
    await ended.hot.close();
  });

  it('does without a hot tier that was closed', async () => {
    const process = await startProcess(subject);
    const cache = process.manager.namespace<string>(freshName(), { errorBackoffMs: 0 });
    await process.hot.close();
    expect(await cache.set('key', 'value')).toBe(false);
    expect(await cache.getOrSet('other', () => 'made')).toBe('made');
    expect(await cache.getMany(['absent'])).toEqual(new Map());
    expect(await cache.delete('key')).toBe(false);
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.deleteByTag('t')).toBe(false);
    expect(await cache.clear()).toBe(false);
    await process.manager.close();
  });
}
