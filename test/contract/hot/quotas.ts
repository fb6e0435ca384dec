import { expect, it } from 'vitest';
import type { Quota } from '../../../src/tiers/hot/port.ts';
import { eventually, freshKey, fromBoth, type Subject, twoHandles } from './subject.ts';

const HOUR_MS = 3_600_000;
/** How long the steps of a test may take, in which a bucket fills up. */
const SLACK_MS = 30_000;

/** A bucket that holds a limit and fills up evenly. Windows are so long that nothing fills up during a test, but where it is to. */
export function quotasSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('allows as much as the limit at once, and says what is left', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const quota = { limit: 5, windowMs: HOUR_MS };
    for (let taken = 1; taken <= 5; taken += 1) {
      const answer = await (taken % 2 === 0 ? here : there).quotas.take(key, quota);
      expect(answer).toMatchObject({ allowed: true, remaining: 5 - taken, retryAfterMs: 0 });
      expect(answer.resetMs).toBeLessThanOrEqual((HOUR_MS / 5) * taken);
      expect(answer.resetMs).toBeGreaterThan((HOUR_MS / 5) * taken - SLACK_MS);
    }
    for (const tier of [here, there]) {
      const answer = await tier.quotas.take(key, quota);
      expect(answer).toMatchObject({ allowed: false, remaining: 0 });
      expect(answer.retryAfterMs).toBeLessThanOrEqual(HOUR_MS / 5);
      expect(answer.retryAfterMs).toBeGreaterThan(HOUR_MS / 5 - SLACK_MS);
      expect(answer.resetMs).toBeLessThanOrEqual(HOUR_MS);
      expect(answer.resetMs).toBeGreaterThan(HOUR_MS - SLACK_MS);
      expect([answer.retryAfterMs, answer.resetMs].every(Number.isInteger)).toBe(true);
    }
  });

  it('takes nothing when it does not allow', async () => {
    const { here } = handles();
    const key = freshKey(here);
    const quota = { limit: 10, windowMs: HOUR_MS };
    expect(await here.quotas.take(key, { ...quota, cost: 7 })).toMatchObject({ allowed: true, remaining: 3 });
    const refused = await here.quotas.take(key, { ...quota, cost: 5 });
    expect(refused).toMatchObject({ allowed: false, remaining: 3 });
    expect(refused.retryAfterMs).toBeLessThanOrEqual((HOUR_MS / 10) * 2);
    expect(refused.retryAfterMs).toBeGreaterThan((HOUR_MS / 10) * 2 - SLACK_MS);
    expect(await here.quotas.take(key, { ...quota, cost: 3 })).toMatchObject({ allowed: true, remaining: 0 });
  });

  it('takes 1 by default, and a fraction when told so', async () => {
    const { here } = handles();
    const key = freshKey(here);
    const quota = { limit: 2, windowMs: HOUR_MS };
    expect(await here.quotas.take(key, quota)).toMatchObject({ allowed: true, remaining: 1 });
    expect(await here.quotas.take(key, { ...quota, cost: 0.5 })).toMatchObject({
      allowed: true,
      remaining: 0,
    });
    expect(await here.quotas.take(key, quota)).toMatchObject({ allowed: false, remaining: 0 });
    expect(await here.quotas.take(key, { ...quota, cost: 0.25 })).toMatchObject({ allowed: true });
  });

  it('never allows a cost above the limit, and takes nothing for it', async () => {
    const { here } = handles();
    const key = freshKey(here);
    const quota = { limit: 3, windowMs: HOUR_MS };
    expect(await here.quotas.take(key, { ...quota, cost: 4 })).toEqual({
      allowed: false,
      remaining: 3,
      retryAfterMs: Number.POSITIVE_INFINITY,
      resetMs: 0,
    });
    expect(await here.quotas.take(key, { ...quota, cost: 3 })).toMatchObject({ allowed: true, remaining: 0 });
  });

  it('looks without taking, for a cost of 0', async () => {
    const { here } = handles();
    const key = freshKey(here);
    const quota = { limit: 2, windowMs: HOUR_MS };
    const full = { allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 0 };
    expect(await here.quotas.take(key, { ...quota, cost: 0 })).toEqual(full);
    expect(await here.quotas.take(key, { ...quota, cost: 0 })).toEqual(full);
    await here.quotas.take(key, { ...quota, cost: 2 });
    const empty = await here.quotas.take(key, { ...quota, cost: 0 });
    expect(empty).toMatchObject({ allowed: true, remaining: 0, retryAfterMs: 0 });
    expect(empty.resetMs).toBeGreaterThan(HOUR_MS - SLACK_MS);
  });

  it('fills up', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const quota = { limit: 2, windowMs: 500 };
    await here.quotas.take(key, { ...quota, cost: 2 });
    await eventually(async () => {
      expect(await there.quotas.take(key, { ...quota, cost: 1 })).toMatchObject({ allowed: true });
    });
    await eventually(async () => {
      expect(await there.quotas.take(key, { ...quota, cost: 0 })).toEqual({
        allowed: true,
        remaining: 2,
        retryAfterMs: 0,
        resetMs: 0,
      });
    });
  });

  it('allows no more than the limit to many at once', async () => {
    const both = handles();
    const key = freshKey(both.here);
    const answers = await fromBoth(both, 50, (tier) =>
      tier.quotas.take(key, { limit: 7, windowMs: HOUR_MS }),
    );
    const allowed = answers.filter((answer) => answer.allowed);
    expect(allowed.map(({ remaining }) => remaining).toSorted((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6,
    ]);
  });

  it('allows the last of a limit that does not divide the window', async () => {
    const { here } = handles();
    for (const limit of [3, 7, 11, 49]) {
      const key = freshKey(here);
      for (let taken = 0; taken < limit; taken += 1) {
        expect(await here.quotas.take(key, { limit, windowMs: HOUR_MS })).toMatchObject({ allowed: true });
      }
      expect(await here.quotas.take(key, { limit, windowMs: HOUR_MS })).toMatchObject({ allowed: false });
    }
  });

  it.each<Quota>([
    { limit: 0, windowMs: 1_000 },
    { limit: -1, windowMs: 1_000 },
    { limit: Number.NaN, windowMs: 1_000 },
    { limit: Number.POSITIVE_INFINITY, windowMs: 1_000 },
    { limit: 1, windowMs: 0 },
    { limit: 1, windowMs: -1 },
    { limit: 1, windowMs: Number.NaN },
    { limit: 1, windowMs: Number.POSITIVE_INFINITY },
    { limit: 1, windowMs: 1_000, cost: -1 },
    { limit: 1, windowMs: 1_000, cost: Number.NaN },
    { limit: 1, windowMs: 1_000, cost: Number.POSITIVE_INFINITY },
  ])('refuses what is no quota: %j', async (quota) => {
    const { here } = handles();
    await expect(here.quotas.take(freshKey(here), quota)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
}
