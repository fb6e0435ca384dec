import { expect, it } from 'vitest';
import type { CallOptions, NamespaceOptions } from '../../../src/tiers/tiered/index.ts';
import { type CacheSubject, freshName, LONG_MS, toExpire, twoProcesses } from './subject.ts';

const DAYS_30_MS = 30 * 86_400_000;

/** By name, values that nobody can use. */
const unusable: Readonly<Record<string, readonly unknown[]>> = {
  ttlMs: [0, -1, Number.NaN, Infinity, '60', null, 1e300],
  negativeTtlMs: [0, -1, Number.NaN],
  jitter: [-0.1, 1, 2, Number.NaN, '0'],
  staleWhileRevalidateMs: [-1, Number.NaN, Infinity, 1e300],
  staleIfErrorMs: [-1, '1', 1e300],
  eagerRefresh: [0, -1, 1.1],
  softTimeoutMs: [0, -1, DAYS_30_MS],
  hardTimeoutMs: [0, Infinity, DAYS_30_MS],
  errorBackoffMs: [-1, null],
  claimMs: [0, -5, DAYS_30_MS],
  compressAboveBytes: [-1, '1'],
  isolate: ['frozen', '', true],
  l1MaxEntries: [-1, Infinity, 0.5],
  l1MaxBytes: [0, -1, 0.5],
  ttl: [1000],
};

/** Those that a call may decide. */
const unusableInCalls: Readonly<Record<string, readonly unknown[]>> = {
  ttlMs: unusable['ttlMs']!,
  jitter: unusable['jitter']!,
  staleWhileRevalidateMs: unusable['staleWhileRevalidateMs']!,
  staleIfErrorMs: unusable['staleIfErrorMs']!,
  softTimeoutMs: unusable['softTimeoutMs']!,
  hardTimeoutMs: unusable['hardTimeoutMs']!,
  tags: ['tag', [1], [undefined], null],
  ttl: [1000],
  l1MaxEntries: [10],
};

const cases = (of: Readonly<Record<string, readonly unknown[]>>): [string, unknown][] =>
  Object.entries(of).flatMap(([name, values]) => values.map((value): [string, unknown] => [name, value]));

const refusalOf = (name: string) =>
  expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(`${name}: expected`) });

export function optionsSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it.each(cases(unusable))('names an option of a namespace that cannot be used: %s %s', (name, value) => {
    const options = { [name]: value } as NamespaceOptions<unknown>;
    const namespace = freshName();
    const { manager } = processes().here;
    expect(() => manager.namespace(namespace, options)).toThrow(refusalOf(name));
    // The name is not taken by what was refused.
    manager.namespace(namespace);
  });

  it('names a codec that cannot be used', () => {
    const codec = { id: 'Not Good', encode: () => '', decode: () => '' };
    expect(() => processes().here.manager.namespace(freshName(), { codec })).toThrow(refusalOf('codec.id'));
  });

  it.each(cases(unusableInCalls))(
    'names an option of a call that cannot be used: %s %s',
    async (name, value) => {
      const { here } = processes().pair();
      const options = { [name]: value } as CallOptions;
      const refusal = refusalOf(name);
      await expect(here.set('key', 1, options)).rejects.toEqual(refusal);
      await expect(here.setMany({ key: 1 }, options)).rejects.toEqual(refusal);
      await expect(here.getOrSet('key', () => 1, options)).rejects.toEqual(refusal);
      await expect(here.getOrSetMany(['key'], () => new Map(), options)).rejects.toEqual(refusal);
      expect(await here.get('key')).toBeUndefined();
    },
  );

  it('rejects, and does not throw, when a value that would be made anew has a bad option', async () => {
    const { here } = processes().pair({ staleWhileRevalidateMs: LONG_MS });
    await here.set('key', 1, { ttlMs: 1, jitter: 0 });
    await toExpire(here, 'key');
    const result = here.getOrSet('key', () => 2, { ttlMs: -1 });
    await expect(result).rejects.toEqual(refusalOf('ttlMs'));
  });

  it('takes undefined for an option that is not given', async () => {
    const { here } = processes();
    const options = { ttlMs: undefined, hardTimeoutMs: undefined, jitter: undefined, isolate: undefined };
    const cache = here.manager.namespace<number>(freshName(), options as unknown as NamespaceOptions<number>);
    expect(await cache.set('key', 1)).toBe(true);
    expect(await cache.get('key')).toBe(1);
    const call = { ...options, isolate: undefined, tags: undefined } as unknown as CallOptions;
    delete (call as { isolate?: unknown }).isolate;
    expect(await cache.set('other', 2, call)).toBe(true);
    expect(await cache.getOrSet('other', () => 3, call)).toBe(2);
    expect(await cache.getOrSet('made', () => 3, call)).toBe(3);
    expect(await cache.get('made')).toBe(3);
  });

  it('takes every option at its least', async () => {
    const { here, there } = processes().pair<string>({
      jitter: 0,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      errorBackoffMs: 0,
      compressAboveBytes: 0,
      l1MaxEntries: 0,
      eagerRefresh: 1,
    });
    await here.set('key', 'value');
    expect(await here.get('key')).toBe('value');
    expect(await there.getOrSet('key', () => expect.unreachable())).toBe('value');
    await there.delete('key');
    expect(await here.get('key')).toBeUndefined();
  });

  it('refuses a life that a factory gives and that cannot be used', async () => {
    const { here } = processes().pair<number>({ errorBackoffMs: 0 });
    for (const ms of [0, -1, Number.NaN, Infinity]) {
      const made = here.getOrSet('key', ({ ttl }) => {
        ttl(ms);
        return 1;
      });
      await expect(made).rejects.toEqual(refusalOf('ttlMs'));
    }
    expect(await here.get('key')).toBeUndefined();
  });
}
