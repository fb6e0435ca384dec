import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { QuotaAnswer } from '../port.ts';
import { createInProcessTier } from './tier.ts';

const START_MS = Date.UTC(2026, 0, 1);

/**
 * The algorithm in whole numbers: times in parts of a millisecond, as many as the limit, so that an emission interval is
 * exactly the window.
 */
class ExactBucket {
  #full = 0n;
  readonly #limit: bigint;
  readonly #window: bigint;

  constructor(limit: number, windowMs: number) {
    this.#limit = BigInt(limit);
    this.#window = BigInt(windowMs);
  }

  take(nowMs: number, cost: number): QuotaAnswer {
    const now = BigInt(nowMs) * this.#limit;
    const room = this.#window * this.#limit;
    const before = this.#full > now ? this.#full : now;
    const after = before + BigInt(cost) * this.#window;
    const allowed = after - now <= room;
    if (allowed) this.#full = after;
    const ahead = (allowed ? after : before) - now;
    const wait = after - now - room;
    return {
      allowed,
      remaining: Number((room - ahead) / this.#window),
      retryAfterMs: allowed ? 0 : BigInt(cost) > this.#limit ? Number.POSITIVE_INFINITY : this.#ceil(wait),
      resetMs: this.#ceil(ahead),
    };
  }

  #ceil(parts: bigint): number {
    return Number((parts + this.#limit - 1n) / this.#limit);
  }
}

const limit = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 5_000 }));
const windowMs = fc.oneof(
  fc.constantFrom(1, 7, 1_000, 60_000, 86_400_000),
  fc.integer({ min: 1, max: 100_000 }),
);

it('answers as the algorithm does in exact numbers', async () => {
  const step = fc.tuple(
    fc.oneof(fc.constant(0), fc.nat(40), fc.nat(5_000)),
    fc.oneof(fc.constant(1), fc.nat(70)),
  );
  await fc.assert(
    fc.asyncProperty(limit, windowMs, fc.array(step, { maxLength: 60 }), async (limit, windowMs, steps) => {
      let now = START_MS;
      const tier = createInProcessTier({ prefix: 'p:', clock: () => new Date(now) });
      const exact = new ExactBucket(limit, windowMs);
      for (const [passedMs, cost] of steps) {
        now += passedMs;
        expect(await tier.quotas.take('q', { limit, windowMs, cost })).toEqual(exact.take(now, cost));
      }
    }),
    { numRuns: 300 },
  );
});

it('allows the limit to the last, one by one, at one moment', async () => {
  const tier = createInProcessTier({ prefix: 'p:', clock: () => new Date(START_MS) });
  for (let limit = 1; limit <= 200; limit += 1) {
    for (let taken = 1; taken <= limit; taken += 1) {
      const answer = await tier.quotas.take(`q${limit}`, { limit, windowMs: 1_000 });
      expect(answer).toMatchObject({ allowed: true, remaining: limit - taken });
    }
    expect(await tier.quotas.take(`q${limit}`, { limit, windowMs: 1_000 })).toEqual({
      allowed: false,
      remaining: 0,
      retryAfterMs: Math.ceil(1_000 / limit),
      resetMs: 1_000,
    });
  }
});

it('allows the same cost after the time that it says, and not before', async () => {
  await fc.assert(
    fc.asyncProperty(limit, windowMs, fc.nat(4_999), async (limit, windowMs, part) => {
      let now = START_MS;
      const tier = createInProcessTier({ prefix: 'p:', clock: () => new Date(now) });
      const cost = 1 + (part % limit);
      await tier.quotas.take('q', { limit, windowMs, cost: limit });
      const { allowed, retryAfterMs } = await tier.quotas.take('q', { limit, windowMs, cost });
      expect(allowed).toBe(false);
      now += retryAfterMs - 1;
      expect(await tier.quotas.take('q', { limit, windowMs, cost })).toMatchObject({ allowed: false });
      now += 1;
      expect(await tier.quotas.take('q', { limit, windowMs, cost })).toMatchObject({ allowed: true });
    }),
  );
});

it('holds nothing once the bucket is full again', async () => {
  let now = START_MS;
  const tier = createInProcessTier({ prefix: 'p:', clock: () => new Date(now) });
  await tier.quotas.take('p:q', { limit: 1, windowMs: 50 });
  expect((await tier.scan('p:')).keys).toEqual(['p:q']);
  now += 50;
  expect((await tier.scan('p:')).keys).toEqual([]);
});
