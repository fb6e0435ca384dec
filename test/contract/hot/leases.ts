import { expect, it } from 'vitest';
import type { HotTier, Lease } from '../../../src/tiers/hot/port.ts';
import {
  eventually,
  freshKey,
  fromBoth,
  LONG_MS,
  SHORT_MS,
  shortLifeToEnd,
  type Subject,
  twoHandles,
} from './subject.ts';

async function acquired(tier: HotTier, key: string, lifeMs = LONG_MS): Promise<Lease> {
  const lease = await tier.leases.acquire(key, lifeMs);
  expect(lease).toMatchObject({ key });
  return lease!;
}

/** One holder at a time. */
export function leasesSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('has one holder until it is released', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const lease = await acquired(here, key);
    expect(await there.leases.acquire(key, LONG_MS)).toBeUndefined();
    expect(await here.leases.acquire(key, LONG_MS)).toBeUndefined();
    expect(await here.leases.release(lease)).toBe(true);
    expect(await here.leases.release(lease)).toBe(false);
    const next = await acquired(there, key);
    expect(next.token).not.toBe(lease.token);
  });

  it('rises with every holder, in microseconds of the clock', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    let before = 0;
    for (let round = 0; round < 20; round += 1) {
      const tier = round % 2 === 0 ? here : there;
      const lease = await acquired(tier, key);
      expect(Number.isSafeInteger(lease.fence)).toBe(true);
      expect(lease.fence).toBeGreaterThan(before);
      expect(Math.abs(lease.fence / 1_000 - Date.now())).toBeLessThan(60_000);
      before = lease.fence;
      expect(await tier.leases.release(lease)).toBe(true);
    }
  });

  it('lets one of many acquire it', async () => {
    const both = handles();
    for (let round = 0; round < 20; round += 1) {
      const key = freshKey(both.here);
      const leases = await fromBoth(both, 20, (tier) => tier.leases.acquire(key, LONG_MS));
      expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
    }
  });

  it('lives on when it is renewed', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const lease = await acquired(here, key, SHORT_MS);
    expect(await here.leases.renew(lease, LONG_MS)).toBe(true);
    await shortLifeToEnd(there);
    expect(await there.leases.acquire(key, LONG_MS)).toBeUndefined();
    expect(await here.leases.renew(lease, 1)).toBe(true);
    await eventually(async () => expect(await there.leases.acquire(key, LONG_MS)).toBeDefined());
  });

  it('is lost when it expires, and is then neither renewed nor released', async () => {
    const { here, there } = handles();
    const [key, nobodys] = [freshKey(here), freshKey(here)];
    const lease = await acquired(here, key, SHORT_MS);
    const forgotten = await acquired(here, nobodys, SHORT_MS);
    let next: Lease | undefined;
    await eventually(async () => {
      next = await there.leases.acquire(key, LONG_MS);
      expect(next).toBeDefined();
    });
    expect(next!.fence).toBeGreaterThan(lease.fence);
    expect(await here.leases.renew(lease, LONG_MS)).toBe(false);
    expect(await here.leases.release(lease)).toBe(false);
    expect(await there.leases.renew(next!, LONG_MS)).toBe(true);
    await shortLifeToEnd(here);
    expect(await here.leases.renew(forgotten, LONG_MS)).toBe(false);
    expect(await here.leases.release(forgotten)).toBe(false);
    expect(await there.leases.release(next!)).toBe(true);
  });

  it('is known by its token alone: another process may renew and release it', async () => {
    const { here, there } = handles();
    const lease = await acquired(here, freshKey(here));
    const sent = JSON.parse(JSON.stringify(lease)) as Lease;
    expect(await there.leases.renew({ ...sent, token: `${sent.token}x` }, LONG_MS)).toBe(false);
    expect(await there.leases.release({ ...sent, token: '' })).toBe(false);
    expect(await there.leases.renew(sent, LONG_MS)).toBe(true);
    expect(await there.leases.release(sent)).toBe(true);
  });

  it('is not held by a token of another key', async () => {
    const { here } = handles();
    const [one, two] = [await acquired(here, freshKey(here)), await acquired(here, freshKey(here))];
    expect(one.token).not.toBe(two.token);
    expect(await here.leases.renew({ ...one, key: two.key }, LONG_MS)).toBe(false);
    expect(await here.leases.release({ ...one, key: two.key })).toBe(false);
    expect(await here.leases.release({ ...one, key: freshKey(here) })).toBe(false);
  });
}
