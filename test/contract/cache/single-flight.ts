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

export function singleFlightSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  it('runs one factory for 500 callers of a process', async () => {
    const { here } = processes().pair<{ made: number }>();
    const { factory, running, runs, end } = held<{ made: number }>();
    const callers = times(500, () => here.getOrSet('key', factory));
    await running();
    const late = times(50, () => here.getOrSet('key', factory));
    end.resolve({ made: 1 });
    for (const value of await Promise.all([...callers, ...late])) expect(value).toEqual({ made: 1 });
    expect(runs()).toBe(1);
  });

  it('runs one factory for 500 callers of two processes', async () => {
    const { here, there } = processes().pair<string>();
    const { factory, running, runs, end } = held<string>();
    const callers = times(500, (at) => (at % 2 === 0 ? here : there).getOrSet('key', factory));
    await running();
    end.resolve('made');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['made']));
    expect(runs()).toBe(1);
  });

  it('runs one factory at a time when nothing is kept of what it gives', async () => {
    const { here, there } = processes().pair<string | undefined>();
    const { factory, counts } = gauge<string | undefined>(() => undefined);
    const callers = times(100, (at) => (at % 2 === 0 ? here : there).getOrSet('key', factory));
    expect(new Set(await Promise.all(callers))).toEqual(new Set([undefined]));
    expect(counts.most).toBe(1);
    expect(counts.runs).toBeLessThanOrEqual(2);
  });

  it('runs one factory for many keys each, with callers coming all the time', async () => {
    const { here, there } = processes().pair<string>();
    const keys = Array.from({ length: 50 }, (_, at) => `key ${at}`);
    const gauges = keys.map((key) => gauge(() => key));
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(
        keys.flatMap((key, at) =>
          [here, there].map(async (cache) => {
            expect(await cache.getOrSet(key, gauges[at]!.factory)).toBe(key);
          }),
        ),
      );
    }
    for (const { counts } of gauges) expect(counts).toEqual({ runs: 1, now: 0, most: 1 });
  });

  it('replaces a value whose life is over by one factory as well', async () => {
    const { here, there } = processes().pair<string>({ staleIfErrorMs: LONG_MS });
    await here.set('key', 'old', { ttlMs: 1, jitter: 0 });
    await toExpire(here, 'key');
    await toExpire(there, 'key');
    const { factory, running, runs, end } = held<string>();
    const callers = times(100, (at) => (at % 2 === 0 ? here : there).getOrSet('key', factory));
    await running();
    end.resolve('new');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['new']));
    expect(runs()).toBe(1);
  });

  it('replaces a value that was dropped by its tag by one factory as well', async () => {
    const { here, there } = processes().pair<string>();
    await here.set('key', 'old', { tags: ['t'] });
    await there.deleteByTag('t');
    const { factory, running, runs, end } = held<string>();
    const callers = times(100, (at) => (at % 2 === 0 ? there : here).getOrSet('key', factory));
    await running();
    end.resolve('new');
    const values = new Set(await Promise.all(callers));
    values.delete('old'); // For as long as the other process has not learnt of it.
    expect(values).toEqual(new Set(['new']));
    expect(runs()).toBe(1);
  });

  it('lets who waits in another process have the value as soon as it is made', async () => {
    const { here, there } = processes().pair<string>();
    const { factory, running, end } = held<string>();
    const made = here.getOrSet('key', factory);
    await running();
    const waiting = there.getOrSet('key', () => expect.unreachable());
    end.resolve('made');
    expect(await waiting).toBe('made');
    expect(await made).toBe('made');
  });

  it('gives who waits what somebody sets meanwhile', async () => {
    const { here, there } = processes().pair<string>();
    const { factory, running, end } = held<string>();
    const made = here.getOrSet('key', factory);
    await running();
    const waiting = there.getOrSet('key', () => expect.unreachable());
    await there.set('key', 'written');
    // Nothing was made yet.
    expect(await waiting).toBe('written');
    end.resolve('made');
    expect(await made).toBe('made');
  });

  it('keeps the flights of different keys and namespaces apart', async () => {
    const { pair } = processes();
    const [one, other] = [pair<string>(), pair<string>()];
    const slow = held<string>();
    const waiting = one.here.getOrSet('key', slow.factory);
    await slow.running();
    expect(await one.here.getOrSet('other key', () => 'quick')).toBe('quick');
    expect(await other.here.getOrSet('key', () => 'elsewhere')).toBe('elsewhere');
    slow.end.resolve('slow');
    expect(await waiting).toBe('slow');
    await eventually(async () => expect(await one.there.get('key')).toBe('slow'));
  });
}
