import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createViews, type Views } from '../../tiers/views/index.ts';
import type { RefreshProgress, ScoreDraft, Scorer } from './refresh.ts';
import { createScores, type Scores } from './store.ts';

describe.each(storeKinds)('refresh of scores on the %s tiers', (kind) => {
  let stores: TestStores;
  let otherViews: Views;
  let scores: Scores;
  /** As another process has it: it shares the tiers alone. */
  let other: Scores;

  beforeAll(async () => {
    stores = await freshStores(kind);
    otherViews = createViews({ hot: stores.hot, durable: stores.durable });
    scores = createScores(stores);
    other = createScores({ ...stores, views: otherViews });
  });
  afterAll(async () => {
    await otherViews.close();
    await stores.remove();
  });
  afterEach(async () => {
    await stores.durable.query(`delete from hot_state where family = 'scores'`);
    await stores.flush();
  });

  /** A scorer whose calls are counted, and end when they are told to. */
  function scorerOf(result: (symbol: string) => ScoreDraft | Promise<ScoreDraft>) {
    const calls: string[] = [];
    let running = 0;
    let most = 0;
    let open!: () => void;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const scorer: Scorer = async (symbol) => {
      calls.push(symbol);
      running += 1;
      most = Math.max(most, running);
      await gate;
      running -= 1;
      return result(symbol);
    };
    return { scorer, calls, open, most: () => most };
  }
  const begun = (calls: string[], count: number) => expect.poll(() => calls.length).toBe(count);

  it('scores what is missing, and no more at once than it may', async () => {
    await scores.put([{ symbol: 'S3', blend_score: 33 }]);
    const { scorer, calls, open, most } = scorerOf((symbol) => ({ blend_score: Number(symbol.slice(1)) }));
    const seen: RefreshProgress[] = [];
    const symbols = Array.from({ length: 10 }, (_, index) => `s${index}`);
    const refresh = scores.refresh([...symbols, 'S0'], scorer, {
      concurrency: 3,
      onProgress: (progress) => seen.push(progress),
    });
    await begun(calls, 3);
    open();
    const { items, outcomes, errors } = await refresh;
    expect(most()).toBe(3);
    expect(items.map(({ blend_score }) => blend_score)).toEqual([0, 1, 2, 33, 4, 5, 6, 7, 8, 9]);
    expect(outcomes.fresh).toEqual(['S3']);
    expect(outcomes.scored.toSorted()).toEqual(['S0', 'S1', 'S2', 'S4', 'S5', 'S6', 'S7', 'S8', 'S9']);
    expect(errors).toEqual([]);
    expect(seen.map(({ done, total }) => `${done}/${total}`)).toEqual(
      symbols.map((_, index) => `${index + 1}/10`),
    );
    expect(await scores.get('S7')).toMatchObject({ blend_score: 7 });
  });

  it('scores again what is older than asked for', async () => {
    await scores.put([
      { symbol: 'OLD', blend_score: 1, analyzed_at: new Date(Date.now() - 120_000).toISOString() },
      { symbol: 'NEW', blend_score: 1 },
    ]);
    const { scorer, calls, open } = scorerOf(() => ({ blend_score: 2 }));
    open();
    await scores.refresh(['OLD', 'NEW'], scorer, { maxAgeMs: 60_000 });
    expect(calls).toEqual(['OLD']);
    expect((await scores.getMany(['OLD', 'NEW'])).map(({ blend_score }) => blend_score)).toEqual([2, 1]);
  });

  it('scores a symbol once for all who ask, here and in another process', async () => {
    const { scorer, calls, open } = scorerOf((symbol) => ({ blend_score: symbol.length }));
    const first = scores.refresh(['A', 'BB'], scorer);
    await begun(calls, 2);
    const rest = [
      scores.refresh(['BB', 'A'], scorer),
      scores.refresh(['A'], scorer),
      other.refresh(['A', 'BB'], scorer),
      other.refresh(['BB'], scorer),
    ];
    open();
    const reports = await Promise.all([first, ...rest]);
    expect(calls.toSorted()).toEqual(['A', 'BB']);
    expect(reports.map(({ items }) => items.map(({ blend_score }) => blend_score))).toEqual([
      [1, 2],
      [2, 1],
      [1],
      [1, 2],
      [2],
    ]);
    expect(reports.slice(1).flatMap(({ outcomes }) => [...outcomes.scored, ...outcomes.failed])).toEqual([]);
  });

  it('reports what fails, and goes on', async () => {
    const { scorer, open } = scorerOf((symbol) => {
      if (symbol === 'BAD') throw new Error('no quote');
      if (symbol === 'OTHER') return { symbol: 'A', blend_score: 1 };
      return symbol === 'NAN' ? { blend_score: Number.NaN } : { blend_score: 1 };
    });
    open();
    const { items, outcomes, errors } = await scores.refresh(['BAD', 'NAN', 'OTHER', 'GOOD'], scorer, {
      concurrency: 1,
    });
    expect(items.map(({ symbol }) => symbol)).toEqual(['GOOD']);
    expect(outcomes.failed).toEqual(['BAD', 'NAN', 'OTHER']);
    expect(errors.map(({ error }) => (error as Error).message)).toEqual([
      'no quote',
      expect.stringContaining('scores[0].blend_score'),
      expect.stringContaining('asked for OTHER'),
    ]);
    // The failure is not remembered.
    const again = scorerOf(() => ({ blend_score: 5 }));
    again.open();
    expect((await scores.refresh(['BAD'], again.scorer)).outcomes.scored).toEqual(['BAD']);
  });

  it('takes over when the other process failed', async () => {
    const failing = scorerOf(() => Promise.reject(new Error('down')));
    const good = scorerOf(() => ({ blend_score: 8 }));
    good.open();
    const first = other.refresh(['A'], failing.scorer);
    await begun(failing.calls, 1);
    const second = scores.refresh(['A'], good.scorer);
    failing.open();
    expect((await first).outcomes.failed).toEqual(['A']);
    expect((await second).items).toMatchObject([{ blend_score: 8 }]);
  });

  it('ends a scorer that takes too long', async () => {
    const { scorer, calls } = scorerOf(() => ({ blend_score: 1 }));
    const { errors } = await scores.refresh(['A'], scorer, { timeoutMs: 20 });
    expect(errors).toMatchObject([{ symbol: 'A', error: { code: 'FACTORY_TIMEOUT' } }]);
    expect(calls).toEqual(['A']);
  });

  it('stops when it is told to, and whoever waited for it goes on', async () => {
    const stop = new AbortController();
    const slow = scorerOf(() => ({ blend_score: 1 }));
    const first = scores.refresh(['A', 'B', 'C'], slow.scorer, { concurrency: 1, signal: stop.signal });
    await begun(slow.calls, 1);
    const good = scorerOf(() => ({ blend_score: 9 }));
    good.open();
    const second = scores.refresh(['A'], good.scorer);
    stop.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect((await second).items).toMatchObject([{ blend_score: 9 }]);
    expect(slow.calls).toEqual(['A']);
    await expect(scores.refresh(['Z'], good.scorer, { signal: stop.signal })).rejects.toThrow('enough');
  });

  it.skipIf(kind === 'embedded')('scores while Redis is away', async () => {
    const own = await freshStores('server');
    try {
      await own.redis!.stop();
      const alone = createScores(own);
      const { scorer, open } = scorerOf(() => ({ blend_score: 4 }));
      open();
      expect((await alone.refresh(['A'], scorer)).outcomes.scored).toEqual(['A']);
      expect(await alone.get('A')).toMatchObject({ blend_score: 4 });
    } finally {
      await own.remove();
    }
  });
});
