import { expect, it } from 'vitest';
import { type CacheSubject, eventually, held, LONG_MS, times, toExpire, twoProcesses } from './subject.ts';

const tooLate = { code: 'FACTORY_TIMEOUT' };

export function timeoutsSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('lets nobody wait longer than hardTimeoutMs, and tells the factory', async () => {
    const { here, there } = processes().pair<string>({ hardTimeoutMs: 200, errorBackoffMs: 50 });
    const signals: AbortSignal[] = [];
    const callers = times(50, (at) =>
      (at % 2 === 0 ? here : there).getOrSet('key', ({ signal }) => {
        signals.push(signal);
        return new Promise<string>(() => undefined);
      }),
    );
    for (const outcome of await Promise.allSettled(callers)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: tooLate });
    }
    await eventually(() => expect(signals.every(({ aborted }) => aborted)).toBe(true));
    // Whoever comes later may try again.
    await eventually(async () => expect(await here.getOrSet('key', () => 'made')).toBe('made'));
    expect(await there.getOrSet('key', () => expect.unreachable())).toBe('made');
  });

  it('keeps nothing of what comes after hardTimeoutMs', async () => {
    const { here, there } = processes().pair<string>({ hardTimeoutMs: 50, errorBackoffMs: 0 });
    const { factory, end } = held<string>();
    await expect(here.getOrSet('key', factory)).rejects.toMatchObject(tooLate);
    end.resolve('too late');
    expect(await here.get('key')).toBeUndefined();
    await eventually(async () => expect(await there.getOrSet('key', () => 'in time')).toBe('in time'));
    await eventually(async () => expect(await here.get('key')).toBe('in time'));
  });

  it('ends the turn of a factory whose promise is not of this realm, too', async () => {
    const { here, there } = processes().pair<string>({ hardTimeoutMs: 100, errorBackoffMs: 0, claimMs: 200 });
    // oxlint-disable-next-line unicorn/no-thenable -- that is what such a promise is
    const never = { then: () => undefined } as unknown as Promise<string>;
    await expect(here.getOrSet('key', () => never)).rejects.toMatchObject(tooLate);
    await eventually(async () => expect(await there.getOrSet('key', () => 'made')).toBe('made'));
  });

  it('gives the error of a factory that ends when it is told to', async () => {
    const { here } = processes().pair<string>({ hardTimeoutMs: 50, errorBackoffMs: LONG_MS });
    const obedient = here.getOrSet(
      'key',
      ({ signal }) =>
        new Promise<string>((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('I stopped')));
        }),
    );
    await expect(obedient).rejects.toMatchObject(tooLate);
    await expect(here.getOrSet('key', () => expect.unreachable())).rejects.toMatchObject(tooLate);
  });

  it('takes hardTimeoutMs of a call', async () => {
    const { here } = processes().pair<string>({ errorBackoffMs: 0 });
    const never = (): Promise<string> => new Promise(() => undefined);
    await expect(here.getOrSet('key', never, { hardTimeoutMs: 50 })).rejects.toMatchObject(tooLate);
    expect(await here.getOrSet('key', () => 'made')).toBe('made');
  });

  it('bounds the waiting of a caller who joins others by the bound of that caller', async () => {
    const { here } = processes().pair<string>();
    const { factory, running, end } = held<string>();
    const patient = here.getOrSet('key', factory);
    await running();
    const signalled = here.getOrSet('key', () => expect.unreachable(), { hardTimeoutMs: 50 });
    await expect(signalled).rejects.toMatchObject(tooLate);
    // The others go on.
    const another = here.getOrSet('key', () => expect.unreachable());
    end.resolve('made');
    expect(await Promise.all([patient, another])).toEqual(['made', 'made']);
  });

  it('lets no caller fail earlier because of the bound of another', async () => {
    const { here } = processes().pair<string>({ errorBackoffMs: 0, claimMs: 200 });
    const { factory, running } = held<string>();
    const hasty = here.getOrSet('key', factory, { hardTimeoutMs: 300 });
    await running();
    const patient = here.getOrSet('key', () => 'made by the patient');
    await expect(hasty).rejects.toMatchObject(tooLate);
    expect(await patient).toBe('made by the patient');
  });

  it('gives the stale value to who has waited softTimeoutMs, and the new one to who comes later', async () => {
    const { here, there } = processes().pair<string>({ staleIfErrorMs: LONG_MS, softTimeoutMs: 50 });
    await here.set('key', 'old', { ttlMs: 1, jitter: 0 });
    await toExpire(here, 'key');
    await toExpire(there, 'key');
    for (const cache of [here, there]) {
      const { factory, runs, end } = held<string>();
      const given = await Promise.all(times(20, () => cache.getOrSet('key', factory)));
      expect(new Set(given)).toEqual(new Set(['old']));
      expect(runs()).toBe(1);
      end.resolve('new');
      await eventually(async () => expect(await cache.get('key')).toBe('new'));
      await cache.set('key', 'old', { ttlMs: 1, jitter: 0 });
      await toExpire(here, 'key');
      await toExpire(there, 'key');
    }
  });

  it('waits for the value, however long, where there is no stale one', async () => {
    const { here } = processes().pair<string>({ softTimeoutMs: 1, staleIfErrorMs: LONG_MS });
    await here.set('stale', 'old', { ttlMs: 1, jitter: 0 });
    await toExpire(here, 'stale');
    const { factory, end } = held<string>();
    const waiting = here.getOrSet('key', factory);
    // Where there is one it was given by then.
    expect(await here.getOrSet('stale', factory)).toBe('old');
    end.resolve('made');
    expect(await waiting).toBe('made');
  });

  it('gives no stale value after softTimeoutMs that was dropped meanwhile', async () => {
    const { here } = processes().pair<string>({ staleIfErrorMs: LONG_MS, softTimeoutMs: 50 });
    await here.set('key', 'old', { ttlMs: 1, jitter: 0, tags: ['t'] });
    await toExpire(here, 'key');
    const { factory, end } = held<string>();
    expect(await here.getOrSet('key', factory, { tags: ['t'] })).toBe('old');
    await here.deleteByTag('t');
    const later = here.getOrSet('key', () => 'made after', { tags: ['t'] });
    end.resolve('made before');
    expect(await later).toBe('made after');
  });

  it('gives the new value where it comes in time', async () => {
    const { here } = processes().pair<string>({ staleIfErrorMs: LONG_MS, softTimeoutMs: LONG_MS });
    await here.set('key', 'old', { ttlMs: 1, jitter: 0 });
    await toExpire(here, 'key');
    expect(await here.getOrSet('key', () => 'new')).toBe('new');
  });
}
