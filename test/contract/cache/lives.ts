import { expect, it } from 'vitest';
import { type CacheSubject, eventually, LONG_MS, type Pair, standing, twoProcesses } from './subject.ts';

const MINUTE_MS = 60_000;

/** How long values live, read from what stands in Redis. */
export function livesSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  async function lifeOf({ name }: Pair<unknown>, key: string): Promise<number> {
    const envelope = await standing(processes().there.hot, name, key);
    expect(envelope).toBeDefined();
    expect(Math.abs(Date.now() - envelope!.createdAt)).toBeLessThan(MINUTE_MS);
    return envelope!.freshUntil - envelope!.createdAt;
  }

  it('is the one of the namespace, or of the call', async () => {
    const pair = processes().pair({ ttlMs: MINUTE_MS, jitter: 0 });
    await pair.here.set('namespace', 1);
    await pair.here.set('call', 1, { ttlMs: 2 * MINUTE_MS });
    await pair.here.setMany({ many: 1 }, { ttlMs: 3 * MINUTE_MS });
    await pair.here.getOrSet('made', () => 1);
    await pair.here.getOrSet('made by a call', () => 1, { ttlMs: 4 * MINUTE_MS });
    await pair.here.getOrSetMany(['made together'], () => new Map([['made together', 1]]), {
      ttlMs: 5 * MINUTE_MS,
    });
    expect(await lifeOf(pair, 'namespace')).toBe(MINUTE_MS);
    expect(await lifeOf(pair, 'call')).toBe(2 * MINUTE_MS);
    expect(await lifeOf(pair, 'many')).toBe(3 * MINUTE_MS);
    expect(await lifeOf(pair, 'made')).toBe(MINUTE_MS);
    expect(await lifeOf(pair, 'made by a call')).toBe(4 * MINUTE_MS);
    expect(await lifeOf(pair, 'made together')).toBe(5 * MINUTE_MS);
  });

  it('is the one that the factory says', async () => {
    const pair = processes().pair<string | null>({ ttlMs: MINUTE_MS, negativeTtlMs: 1_000, jitter: 0 });
    for (const value of ['value', null]) {
      const made = await pair.here.getOrSet(
        `${value}`,
        async ({ ttl }) => {
          ttl(7 * MINUTE_MS);
          ttl(3 * MINUTE_MS);
          return value;
        },
        { ttlMs: 9 * MINUTE_MS },
      );
      expect(made).toBe(value);
      expect(await lifeOf(pair, `${value}`)).toBe(3 * MINUTE_MS);
    }
  });

  it('is a short one as well, by the word of the factory', async () => {
    const { here, there } = processes().pair<string>();
    await here.getOrSet('key', ({ ttl }) => {
      ttl(20);
      return 'short';
    });
    await eventually(async () => {
      expect(await here.get('key')).toBeUndefined();
      expect(await there.get('key')).toBeUndefined();
    });
  });

  it('is negativeTtlMs for a null that a factory found', async () => {
    const pair = processes().pair<string | null>({
      negativeTtlMs: 2 * MINUTE_MS,
      ttlMs: MINUTE_MS,
      jitter: 0,
    });
    await pair.here.getOrSet('found nothing', () => null);
    await pair.here.getOrSet('found', () => 'something');
    await pair.here.getOrSetMany(['together'], () => new Map([['together', null]]));
    expect(await lifeOf(pair, 'found nothing')).toBe(2 * MINUTE_MS);
    expect(await lifeOf(pair, 'found')).toBe(MINUTE_MS);
    expect(await lifeOf(pair, 'together')).toBe(2 * MINUTE_MS);
    const same = processes().pair<null>({ ttlMs: MINUTE_MS, jitter: 0 });
    await same.here.getOrSet('key', () => null);
    expect(await lifeOf(same, 'key')).toBe(MINUTE_MS);
  });

  it('is the one that is set, for a null that is set', async () => {
    const pair = processes().pair<null>({ negativeTtlMs: 1_000, ttlMs: MINUTE_MS, jitter: 0 });
    await pair.here.set('key', null, { ttlMs: 2 * MINUTE_MS });
    await pair.here.set('other', null);
    expect(await lifeOf(pair, 'key')).toBe(2 * MINUTE_MS);
    expect(await lifeOf(pair, 'other')).toBe(MINUTE_MS);
  });

  it('is shortened at random by no more than the jitter', async () => {
    const pair = processes().pair<number>({ ttlMs: MINUTE_MS, jitter: 0.25 });
    const keys = Array.from({ length: 100 }, (_, at) => `key ${at}`);
    await pair.here.setMany(new Map(keys.map((key, at) => [key, at])));
    const lives = await Promise.all(keys.map((key) => lifeOf(pair, key)));
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(0.75 * MINUTE_MS);
    expect(Math.max(...lives)).toBeLessThanOrEqual(MINUTE_MS);
    // 100 even draws that all fall into a half of the range: 1 in 10^29.
    expect(Math.max(...lives) - Math.min(...lives)).toBeGreaterThan(0.125 * MINUTE_MS);
  });

  it('takes the jitter of a call', async () => {
    const pair = processes().pair<number>({ ttlMs: MINUTE_MS, jitter: 0.9 });
    for (let at = 0; at < 5; at += 1) {
      await pair.here.set('key', at, { jitter: 0 });
      expect(await lifeOf(pair, 'key')).toBe(MINUTE_MS);
    }
  });

  it('is not made longer by reading it, anywhere', async () => {
    const { here, there } = processes().pair<string>({ ttlMs: 500, jitter: 0 });
    await here.set('key', 'value');
    await eventually(async () => {
      const found = [
        await here.get('key'),
        await there.get('key'),
        (await there.getMany(['key'])).get('key'),
      ];
      expect(found).toEqual([undefined, undefined, undefined]);
    });
  });

  it('ends in Redis when no policy lets it be given any longer', async () => {
    const { here, name } = processes().pair<string>();
    await here.set('key', 'value', { ttlMs: 30 });
    await here.set('stale', 'value', { ttlMs: 30, staleIfErrorMs: LONG_MS });
    await here.set('revalidated', 'value', { ttlMs: 30, staleWhileRevalidateMs: LONG_MS });
    const { hot } = processes().there;
    await eventually(async () => expect(await standing(hot, name, 'key')).toBeUndefined());
    expect(await standing(hot, name, 'stale')).toBeDefined();
    expect(await standing(hot, name, 'revalidated')).toBeDefined();
  });
}
