import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseIsoTime } from '../../src/core/iso-time.ts';
import type { App } from '../../src/http/app.ts';
import { runMigration } from '../../src/migration/index.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { testServer } from '../support/http.ts';

/** A directory that the old application wrote, and what its own code answered over it; they are no part of this repository. */
const OLD = new URL('../../../shared/legacy/', import.meta.url);
const ANSWERS = new URL('generated.expected.json', OLD);
/** The old application went on for some seconds after the time of its answers, and answered about those rows too. */
const WRITING_MS = 60_000;

type Row = Record<string, unknown>;
interface Page {
  readonly items: Row[];
  readonly next_cursor: string | null;
}
interface Report {
  readonly last: {
    readonly report: { sources: { id: string; loaded: number; quarantined: number; skipped: number }[] };
  };
}

/** Written by Python, whose JSON has NaN where ours has null. */
function readAnswers(): Row {
  const numbers = /(?<=[:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g;
  return JSON.parse(readFileSync(ANSWERS, 'utf8').replaceAll(numbers, 'null')) as Row;
}

describe.skipIf(!existsSync(ANSWERS))('over HTTP, what the old application answered', () => {
  let tier: TestTier;
  let app: App;
  let answers: Row;
  let now: string;
  let later: string;

  beforeAll(async () => {
    answers = readAnswers();
    now = `${String(answers['now_utc'])}Z`;
    const written = new Date(Date.parse(now) + WRITING_MS);
    later = written.toISOString();
    tier = await freshTier('server');
    const directory = fileURLToPath(new URL('generated', OLD));
    await runMigration({ tier: tier.durable, directory, clock: () => new Date(now) });
    ({ app } = await testServer({ durable: tier.durable, clock: () => written }));
  });
  afterAll(async () => {
    await app.close();
    await tier.remove();
  });

  async function ask<T = Row>(path: string, query: Record<string, string> = {}): Promise<T> {
    const answer = await app.inject({ method: 'GET', url: path, query });
    expect(answer.statusCode, answer.body).toBe(200);
    return answer.json<T>();
  }

  /** Every page of a list. */
  async function all(path: string, query: Record<string, string> = {}): Promise<Row[]> {
    const found: Row[] = [];
    let cursor: string | null = null;
    do {
      const next: Record<string, string> = cursor === null ? {} : { cursor };
      const page: Page = await ask<Page>(path, { limit: '500', ...query, ...next });
      found.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return found;
  }

  /** The answers whose name begins so, by the rest of it. */
  function named<T>(beginning: string): [string, T][] {
    const found = Object.entries(answers).filter(([name]) => name.startsWith(beginning));
    expect(found).not.toHaveLength(0);
    return found.map(([name, answer]) => [name.slice(beginning.length), answer as T]);
  }

  it('the spend of the day', async () => {
    const { total_cost_usd } = await ask('/v1/llm/spend', { as_of: now });
    expect(Number(total_cost_usd)).toBeCloseTo(answers['llm.daily_spend'] as number, 12);
  });

  it('the usage of 1, 7 and 30 days', async () => {
    for (const [name, usage] of named('llm.usage_')) {
      const answer = await ask('/v1/llm/usage', { days: name.replace('d', ''), as_of: now });
      expect(figures(answer, usage)).toEqual(usage);
    }
  });

  it('the budget of the day', async () => {
    for (const [usd, alert] of named('llm.budget_alert_')) {
      const answer = await ask('/v1/llm/budget', { daily_usd: usd, as_of: now });
      expect(figures(answer, alert)).toEqual(alert);
    }
  });

  it('the latest top picks', async () => {
    for (const [name, latest] of named<Row>('top_picks.latest.')) {
      const [universe = '', mode = ''] = name.split('.');
      expect(onlyOf(await ask('/v1/top-picks/latest', { universe, mode, as_of: later }), latest)).toEqual(
        latest,
      );
    }
  });

  it('the runs of a universe', async () => {
    for (const [universe, runs] of named<Row[]>('top_picks.query_')) {
      const items = await all('/v1/top-picks/runs', { universe, as_of: later });
      expect(items).toHaveLength(runs.length);
      expect(items.map((item, at) => onlyOf(oldNames(item), runs[at]!))).toEqual(runs.map(instants));
    }
  });

  it('the recommendations, evaluated ones and those of a symbol', async () => {
    const queries = {
      'recs.dataset_evaluated': { evaluated: 'true' },
      'recs.dataset_all_tcs': { symbol: 'TCS' },
    };
    expect(named('recs.').map(([name]) => `recs.${name}`)).toEqual(Object.keys(queries));
    for (const [name, query] of Object.entries(queries)) {
      const dataset = answers[name] as Row[];
      const items = await all('/v1/recommendations', { ...query, as_of: later });
      expect(items).toHaveLength(dataset.length);
      expect(items.map((item, at) => onlyOf(oldNames(item), dataset[at]!))).toEqual(dataset.map(instants));
    }
  });

  it('the analyses of a symbol', async () => {
    for (const [symbol, analyses] of named<Row[]>('context.history.')) {
      const items = await all('/v1/context/analyses', { symbol, as_of: later });
      expect(items).toHaveLength(analyses.length);
      expect(items.map((item, at) => onlyOf(instants(item), analyses[at]!))).toEqual(analyses.map(instants));
    }
  });

  it('the preferences of a user', async () => {
    for (const [user_id, preferences] of named('context.prefs.')) {
      expect(await ask(`/v1/context/preferences/${user_id}`)).toEqual({ user_id, preferences });
    }
  });

  it('the active policy', async () => {
    const active = answers['pick.active_policy'] as Row;
    for (const query of [{}, { as_of: later }] as Record<string, string>[]) {
      const policy = await ask('/v1/policies/active', query);
      expect(onlyOf(instants(policy), active)).toEqual(instants(active));
    }
  });

  it('the levels of a symbol', async () => {
    for (const [name, levels] of named<Row>('sr.')) {
      const [symbol = '', scope = ''] = name.split('.');
      const answer = await ask(`/v1/levels/${symbol}`, { scope, as_of: later });
      expect(onlyOf(oldNames(answer), levels)).toEqual(instants(levels));
      expect(answer['stale']).toBe(false);
    }
  });

  it('as many rows', async () => {
    const counts = named<number>('counts').flatMap(([, tables]) => Object.entries(tables));
    const { last } = await ask<Report>('/v1/migration');
    for (const [name, rows] of counts) {
      const table = name.split('.').at(-1);
      const source = last.report.sources.find(({ id }) => id === table);
      expect([table, source?.loaded, source?.quarantined, source?.skipped]).toEqual([table, rows, 0, 0]);
    }
  });

  it('as many rows in the lists', async () => {
    const of = Object.fromEntries(
      Object.entries(answers['counts'] as Row).map(([name, rows]) => [name.split('.').at(-1), rows]),
    );
    const picks = await all('/v1/picks');
    const inAll = (name: string): number => picks.flatMap((pick) => pick[name] as unknown[]).length;
    expect({
      top_picks_runs: (await all('/v1/top-picks/runs')).length,
      ai_recommendations: (await all('/v1/recommendations')).length,
      pick_events: picks.length,
      pick_agent_contributions: inAll('contributions'),
      pick_outcomes: inAll('outcomes'),
      rl_policies: (await all('/v1/policies')).length,
      agent_learnings: (await all('/v1/context/learnings')).length,
    }).toEqual({
      top_picks_runs: of['top_picks_runs'],
      ai_recommendations: of['ai_recommendations'],
      pick_events: of['pick_events'],
      pick_agent_contributions: of['pick_agent_contributions'],
      pick_outcomes: of['pick_outcomes'],
      rl_policies: of['rl_policies'],
      agent_learnings: of['agent_learnings'],
    });
  });
});

/** Of a new answer what the old one had: fields were added. */
function onlyOf(answer: Row, old: Row): Row {
  return Object.fromEntries(Object.keys(old).map((name) => [name, answer[name]]));
}

/** New names of old columns, where a suffix said the zone. */
const RENAMED: Readonly<Record<string, string>> = {
  generated_at: 'generated_at_utc',
  evaluated_at: 'evaluated_at_utc',
  exit_time: 'exit_time_utc',
  computed_at: 'computed_at_ist',
  legacy_id: 'id',
};

/** A new row under the old names, with the forms of the old values. */
function oldNames({ evaluated, ...row }: Row): Row {
  const renamed = Object.entries(row)
    .filter(([name]) => name !== 'id')
    .map(([name, value]) => [RENAMED[name] ?? name, value]);
  const flag = typeof evaluated === 'boolean' ? { evaluated: Number(evaluated) } : {};
  return instants({ ...(Object.fromEntries(renamed) as Row), ...flag });
}

const TIMES = /^(?:created|updated|activated|deactivated|generated|evaluated|computed|exit)_(?:at|time)/;

/** The row with every time in one form: the old ones have several, and name no zone where they mean UTC. */
function instants(row: Row): Row {
  const entries = Object.entries(row).map(([name, value]) => {
    if (!TIMES.test(name) || typeof value !== 'string') return [name, value];
    return [name, parseIsoTime(value) ?? parseIsoTime(`${value}Z`) ?? value];
  });
  return Object.fromEntries(entries) as Row;
}

/** Exact decimals of an answer rounded to the decimals that the old application rounded to. */
function figures(answer: Row, old: unknown): unknown {
  return rounded(answer, old, '');
}

const DECIMALS: Readonly<Record<string, number>> = {
  total_cost_usd: 2,
  avg_cost_per_request: 4,
  cost_usd: 2,
  spent_usd: 2,
  budget_usd: 2,
  remaining_usd: 2,
  percentage_used: 1,
};

function rounded(value: unknown, old: unknown, name: string): unknown {
  if (Array.isArray(value) && Array.isArray(old)) {
    return value.map((item, at) => rounded(item, (old[at] ?? old[0]) as unknown, name));
  }
  if (typeof value === 'object' && value !== null && typeof old === 'object' && old !== null) {
    const shown = Object.entries(old).map(([field, before]) => [
      field,
      rounded((value as Row)[field], before, field),
    ]);
    return Object.fromEntries(shown);
  }
  const decimals = DECIMALS[name];
  return decimals === undefined ? value : Number(Number(value).toFixed(decimals));
}
