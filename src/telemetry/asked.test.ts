import { describe, expect, it, vi } from 'vitest';
import { pause } from '../core/wait.ts';
import { askedSeldom } from './asked.ts';

const HOUR_MS = 3_600_000;

describe('askedSeldom', () => {
  it('shares one question among all who ask meanwhile, and its answer for a while', async () => {
    let asked = 0;
    const ask = askedSeldom(
      async () => {
        asked += 1;
        await pause(5);
        return { asked };
      },
      { everyMs: HOUR_MS, deadlineMs: 10_000 },
      () => undefined,
    );
    for (const answer of await Promise.all([ask(), ask(), ask()])) expect(answer).toEqual({ asked: 1 });
    expect(await ask()).toEqual({ asked: 1 });
  });

  it('asks again when the while is over', async () => {
    let asked = 0;
    const ask = askedSeldom(
      async () => ({ asked: ++asked }),
      { everyMs: 20, deadlineMs: 10_000 },
      () => undefined,
    );
    expect(await ask()).toEqual({ asked: 1 });
    await vi.waitFor(async () => expect(await ask()).toEqual({ asked: 2 }));
  });

  it('gives nothing while it fails, and tells of it once each time that it begins to', async () => {
    let works = false;
    const told: unknown[] = [];
    const error = new Error('away');
    const ask = askedSeldom(
      async () => (works ? { ok: true } : Promise.reject(error)),
      { everyMs: 0, deadlineMs: 10_000 },
      (reason) => told.push(reason),
    );
    expect([await ask(), await ask()]).toEqual([undefined, undefined]);
    expect(told).toEqual([error]);
    works = true;
    expect(await ask()).toEqual({ ok: true });
    works = false;
    expect(await ask()).toBeUndefined();
    expect(told).toEqual([error, error]);
  });

  it('gives a question up that takes too long, and asks no other until it has ended', async () => {
    let asked = 0;
    let answer: (value: object) => void = () => undefined;
    const told: string[] = [];
    const ask = askedSeldom(
      () => {
        asked += 1;
        return new Promise<object>((resolve) => (answer = resolve));
      },
      { everyMs: 0, deadlineMs: 20 },
      (reason) => told.push(String(reason)),
    );
    expect([await ask(), await ask(), await ask()]).toEqual([undefined, undefined, undefined]);
    expect([asked, told]).toEqual([1, ['Error: no answer within 20 ms']]);
    answer({ late: true });
    await vi.waitFor(async () => {
      const asking = ask();
      answer({ again: true });
      expect(await asking).toEqual({ again: true });
    });
  });
});
