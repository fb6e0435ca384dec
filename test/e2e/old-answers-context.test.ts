import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMigration } from '../../src/migration/index.ts';
import { historyQuery } from '../../src/stores/context/schema.ts';
import { type Context, createContext } from '../../src/stores/context/store.ts';
import { latestQuery, runsQuery } from '../../src/stores/top-picks/schema.ts';
import { createTopPicks, type TopPicks } from '../../src/stores/top-picks/store.ts';
import { freshStores, type TestStores } from '../support/stores.ts';

/** A directory that the old application wrote, and what its own code answered over it; they are no part of this repository. */
const OLD = new URL('../../../shared/legacy/', import.meta.url).pathname;
const ANSWERS = `${OLD}generated.expected.json`;

interface OldAnalysis {
  readonly created_at: string;
}
interface OldRun extends Record<string, unknown> {
  readonly generated_at_utc: string;
}

/** Its answers hold NaN where JSON has null. */
function answers(): Record<string, unknown> {
  const text = readFileSync(ANSWERS, 'utf8').replaceAll(
    /(?<=[:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g,
    'null',
  );
  return JSON.parse(text) as Record<string, unknown>;
}

describe.runIf(existsSync(ANSWERS))('over the rows of the old application', () => {
  let stores: TestStores;
  let context: Context;
  let topPicks: TopPicks;
  let expected: Record<string, unknown>;
  const of = <T>(beginning: string): [string, T][] =>
    Object.entries(expected).filter(([name]) => name.startsWith(beginning)) as [string, T][];

  beforeAll(async () => {
    expected = answers();
    const now = new Date(`${String(expected['now_utc'])}Z`);
    stores = await freshStores('server');
    await runMigration({ tier: stores.durable, directory: `${OLD}generated`, clock: () => now });
    // The rows were written in the seconds after that time.
    const clock = (): Date => new Date(now.getTime() + 60_000);
    context = createContext({ ...stores, clock });
    topPicks = createTopPicks({ ...stores, clock });
  });
  afterAll(async () => {
    await context.close();
    await topPicks.close();
    await stores.remove();
  });

  it('the histories of analyses are the same, in the same order', async () => {
    const histories = of<OldAnalysis[]>('context.history.');
    expect(histories.length).toBeGreaterThan(0);
    for (const [name, analyses] of histories) {
      const symbol = name.slice('context.history.'.length);
      const { items } = await context.analyses.history(historyQuery.parse({ symbol, limit: '500' }));
      expect(items).toMatchObject(
        analyses.map((analysis) => ({
          ...analysis,
          created_at: `${analysis.created_at.replace(' ', 'T')}.000000Z`,
        })),
      );
      expect(items).toHaveLength(analyses.length);
    }
  });

  it('the preferences of a user are the same', async () => {
    const users = of<Record<string, unknown>>('context.prefs.');
    expect(users.length).toBeGreaterThan(0);
    for (const [name, preferences] of users) {
      expect(await context.preferences.all(name.slice('context.prefs.'.length))).toEqual(preferences);
    }
  });

  it('the latest picks are the same', async () => {
    const latest = of<Record<string, unknown>>('top_picks.latest.');
    expect(latest.length).toBeGreaterThan(0);
    for (const [name, answer] of latest) {
      const [, , universe, mode] = name.split('.');
      expect(await topPicks.latest(latestQuery.parse({ universe, mode }))).toMatchObject(answer);
    }
  });

  it('the runs of a universe are the same', async () => {
    const runs = expected['top_picks.query_nifty50'] as OldRun[];
    const { items } = await topPicks.runs(runsQuery.parse({ universe: 'nifty50', limit: '500' }));
    expect(items).toMatchObject(
      runs.map(({ generated_at_utc, ...run }) => ({ ...run, generated_at: `${generated_at_utc}Z` })),
    );
    expect(items).toHaveLength(runs.length);
  });

  it('what is in the memory is found while its life lasts', async () => {
    expect(await context.memory.entry('user', 'k1')).toMatchObject({ value: { n: 1, s: 'é' } });
  });
});
