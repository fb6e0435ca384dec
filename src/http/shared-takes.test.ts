import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInProcessTier } from '../tiers/hot/in-process/tier.ts';
import { SharedTakes } from './shared-takes.ts';

/** Long enough that nothing comes back during a test. */
const WINDOW_MS = 3_600_000;

describe('SharedTakes', () => {
  it('allows as many as single calls would, however many ask at once', async () => {
    const waves = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), waves, async (limit, sizes) => {
        const tier = createInProcessTier({ prefix: 'test:' });
        const takes = new SharedTakes((key, cost) =>
          tier.quotas.take(key, { limit, windowMs: WINDOW_MS, cost }),
        );
        let allowed = 0;
        for (const size of sizes) {
          const answers = await Promise.all(Array.from({ length: size }, () => takes.one('test:q')));
          allowed += answers.filter((answer) => answer.allowed).length;
        }
        const asked = sizes.reduce((sum, size) => sum + size, 0);
        expect(allowed).toBe(Math.min(limit, asked));
        await tier.close();
      }),
    );
  });

  it('asks once for all who come while a call is under way, and for keys apart', async () => {
    const costs: [string, number][] = [];
    const takes = new SharedTakes(async (key, cost) => {
      costs.push([key, cost]);
      await new Promise((resolve) => setImmediate(resolve));
      return { allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 0 };
    });
    await Promise.all([...Array.from({ length: 9 }, () => takes.one('a')), takes.one('b')]);
    await takes.one('a');
    expect(costs).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 8],
      ['a', 1],
    ]);
  });
});
