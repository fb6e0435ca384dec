import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Config, loadConfig } from '../../src/core/config.ts';
import type { App } from '../../src/http/app.ts';
import { writeSample } from '../../src/legacy/sample/index.ts';
import { runMigration } from '../../src/migration/index.ts';
import { type DurableTier, openDurable } from '../../src/tiers/durable/index.ts';
import { freshDatabase } from './database.ts';

/** The present of everything that is compared. */
export const NOW = new Date('2026-09-15T06:30:00Z');

/** An empty place for both tiers, as a configuration names it. */
export interface Place {
  readonly config: Config;
  /** For files of the test. */
  readonly directory: string;
  remove(): Promise<void>;
}

export async function emptyPlace(
  kind: 'server' | 'embedded',
  more: Record<string, string> = {},
): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'stockroom-backup-'));
  const database = kind === 'server' ? await freshDatabase() : undefined;
  const url = database === undefined ? {} : { DATABASE_URL: database.url };
  return {
    directory,
    config: loadConfig({
      ...url,
      STOCKROOM_DATA_DIR: join(directory, 'data'),
      DATABASE_POOL_MAX: '4',
      ...more,
    }),
    async remove() {
      await database?.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Places and tiers of a test's own; they, and what else is put among `endings`, are gone at its end. */
export function testPlaces() {
  const endings: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });
  const place = async (
    kind: 'server' | 'embedded' = 'server',
    more?: Record<string, string>,
  ): Promise<Place> => {
    const made = await emptyPlace(kind, more);
    endings.push(() => made.remove());
    return made;
  };
  const tierIn = async ({ config }: Place): Promise<DurableTier> => {
    const durable = await openDurable(config);
    endings.push(() => durable.close());
    return durable;
  };
  return { endings, place, tierIn };
}

/** Migrates a sample with every source in it. */
export async function load(tier: DurableTier, directory: string): Promise<void> {
  const old = join(directory, 'old');
  await writeSample(old, { now: NOW });
  await runMigration({ tier, directory: old, clock: () => NOW });
}

/** The same every time: a sample that changes would be one that cannot be looked into. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

async function values(tier: DurableTier, sql: string): Promise<string[]> {
  const { rows } = await tier.query<{ v: string }>(sql);
  return rows.map(({ v }) => encodeURIComponent(v));
}

/** So many reads over all stores, drawn from what is stored. None of them tells of reads before it (`/v1/prices/stats` does). */
export async function sampledReads(tier: DurableTier, howMany: number): Promise<string[]> {
  const asOf = `as_of=${encodeURIComponent(NOW.toISOString())}`;
  const symbols = await values(tier, 'select distinct symbol as v from ai_recommendations order by 1');
  const runs = await values(tier, 'select distinct run_id as v from top_picks_runs order by 1');
  const days = await values(tier, 'select distinct created_at::date::text as v from llm_requests order by 1');
  const scored = await values(
    tier,
    "select distinct value->>'symbol' as v from hot_state where value ? 'symbol' and value->>'symbol' is not null order by 1",
  );
  const levels = await values(tier, 'select distinct symbol as v from support_resistance_levels order by 1');
  const users = await values(tier, 'select distinct user_id as v from user_preferences order by 1');
  const pages = [10, 25, 100].flatMap((limit) => [
    `/v1/recommendations?limit=${limit}&${asOf}`,
    `/v1/top-picks/runs?limit=${limit}`,
    `/v1/picks?limit=${limit}`,
    `/v1/context/learnings?limit=${limit}`,
    `/v1/migration/quarantine?limit=${limit}`,
  ]);
  const pool = [
    ...pages,
    ...symbols.flatMap((symbol) => [
      `/v1/recommendations?symbol=${symbol}&${asOf}`,
      `/v1/picks?symbol=${symbol}`,
      `/v1/context/analyses?symbol=${symbol}&days=365&${asOf}`,
      `/v1/prices/${symbol}?interval=1d&from=2026-06-01&to=2026-09-15`,
    ]),
    ...runs.map((run) => `/v1/top-picks/runs/${run}`),
    ...days.flatMap((day) => [`/v1/llm/spend?date=${day}`, `/v1/llm/spend?date=${day}&${asOf}`]),
    ...[1, 7, 30, 90].map((n) => `/v1/llm/usage?days=${n}&${asOf}`),
    ...scored.map((symbol) => `/v1/scores/${symbol}`),
    ...levels.map((symbol) => `/v1/levels/${symbol}?scope=D`),
    ...users.map((user) => `/v1/context/preferences/${user}`),
    '/v1/recommendations/performance?group_by=mode',
    '/v1/policies',
    '/v1/policies/active',
    '/v1/memory/working',
    '/v1/memory/sessions/s1/note',
    '/v1/memory/cache/answer',
    '/v1/stages',
    '/v1/llm/budgets',
    '/v1/llm/prices',
  ];
  const random = randomOf(7);
  return Array.from({ length: howMany }, () => pool[Math.floor(random() * pool.length)]!);
}

/** Each answer with its request, so that a difference says where it is. */
export async function answersTo(app: App, urls: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const url of urls) {
    const { statusCode, body } = await app.inject({ method: 'GET', url });
    // Each problem has the id of its own request.
    answers.push(`${url} ${statusCode} ${body.replace(/"(?:instance|request_id)":"[^"]*"/g, '')}`);
  }
  return answers;
}
