import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { call, type TestIo, testIo } from '../support/cli.ts';
import { freshTier } from '../support/durable.ts';
import { apiKey, testServer } from '../support/http.ts';
import { startPostgresReplica } from '../support/postgres-replica.ts';
import { type Server, startPostgres, startRedis } from '../support/servers.ts';
import { pause, resume } from '../support/signals.ts';
import { namesIn, Scraped } from './promql.ts';
import { textOf } from './stack.ts';

/** Prometheus's own, and labels that it gives to every sample. */
const prometheus = new Set(['up']);
const targetLabels = new Set(['job', 'instance']);
/** A label of ours with the name of one of those gets this before it. */
const EXPORTED = /^exported_(?=(?:job|instance)$)/;

interface Expression {
  readonly where: string;
  readonly text: string;
}

/** The rules of alerts.yml: an expression stands on its line, or folded below it. */
function alertExpressions(): Expression[] {
  const rules = textOf('deploy/alerts.yml')
    .split(/^ {6}- alert: /m)
    .slice(1);
  return rules.map((rule) => {
    const folded = /^ {8}expr: >-\n((?: {10}.*\n)+)/m.exec(rule)?.[1];
    const text = folded ?? /^ {8}expr: (.+)$/m.exec(rule)?.[1];
    if (text === undefined) throw new Error(`no expression in ${rule}`);
    const name = rule.split('\n')[0]!;
    return { where: `alert ${name}`, text };
  });
}

interface Panel {
  title: string;
  type: string;
  datasource?: { type: string; uid: string };
  targets?: { expr?: string }[];
}

function panelExpressions(): Expression[] {
  const board = JSON.parse(textOf('deploy/grafana/service-and-tiers.json')) as {
    panels: Panel[];
  };
  let row = '';
  return board.panels.flatMap(({ title, type, targets = [] }) => {
    if (type === 'row') row = title;
    return targets.map(({ expr = '' }) => ({
      where: `${row}: ${title}`,
      text: expr,
    }));
  });
}

const expressions = [...alertExpressions(), ...panelExpressions()];

describe('the names in an expression of PromQL', () => {
  it.each([
    ['sum by (a, b) (rate(m_total{x="1",y=~"2.."}[5m])) / 3', ['m_total'], ['x', 'y'], ['a', 'b']],
    ['one == 0 or absent(two{job="x y{}"})', ['one', 'two'], ['job'], []],
    [
      'histogram_quantile(0.99, sum by (le) (rate(h_bucket[$__rate_interval]))) > 1.5e3',
      ['h_bucket'],
      [],
      ['le'],
    ],
    ['m{route!="/v1/events",instance=~"$instance"} > 900 * 1024', ['m'], ['route', 'instance'], []],
    ['max by (a) (m{x="("}) > 1 or max by (b) (n) and on () o', ['m', 'n', 'o'], ['x'], ['a', 'b']],
  ])('%s', (text, metrics, labels, grouping) => {
    const asked = namesIn(text);
    expect(asked.map(({ metric }) => metric)).toEqual(metrics);
    expect(asked.flatMap((each) => each.labels.map(({ name }) => name))).toEqual(labels);
    expect(asked.flatMap((each) => each.grouping)).toEqual(grouping);
  });
});

describe('the metrics that alerts and dashboards name', () => {
  const scraped = new Scraped();
  let postgres: Server;
  let redis: Server;
  const copies: Server[] = [];
  let scratch: string;
  let io: TestIo;
  let running: Promise<number>;
  let url: string;

  const ask = (path: string, method: string): Promise<Response> =>
    fetch(url + path, { method, headers: { authorization: 'Bearer watch-secret' } });
  const get = (path: string): Promise<Response> => ask(path, 'GET');

  async function asAdmin(work: (admin: Client) => Promise<unknown>): Promise<void> {
    const admin = new Client({ connectionString: postgres.url });
    await admin.connect();
    try {
      await work(admin);
    } finally {
      await admin.end();
    }
  }

  async function scrape(): Promise<string> {
    const answer = await get('/metrics');
    const text = await answer.text();
    if (answer.ok) scraped.add(text);
    return text;
  }

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'stockroom-metrics-'));
    const legacy = join(scratch, 'old');
    // Each with a replica, and with what counts statements.
    [postgres, redis] = await Promise.all([
      startPostgres({ shared_preload_libraries: 'pg_stat_statements' }),
      startRedis(),
    ]);
    copies.push(await startPostgresReplica(postgres));
    copies.push(await startRedis(['--replicaof', `127.0.0.1 ${redis.port}`]));
    await asAdmin((admin) => admin.query('CREATE EXTENSION pg_stat_statements'));
    expect(await call(['sample', legacy])).toMatchObject({ exit: 0 });
    const { name, sha256 } = apiKey('watch', 'read', 'admin');
    io = testIo({
      DATABASE_URL: postgres.url,
      // So that none comes by itself between those that are asked for: half a year ago is not made up for.
      STOCKROOM_SCHEDULES: ['outcomes', 'retention', 'alerts', 'refresh']
        .map((job) => `${job}=0 0 1 ${((new Date().getUTCMonth() + 6) % 12) + 1} * UTC`)
        .join(';'),
      REDIS_URL: redis.url,
      STOCKROOM_API_KEYS: `${name}:read+admin:${sha256}`,
      STOCKROOM_RATE_LIMIT: '50',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
    });
    running = run(['start', '--legacy', legacy], io);
    await vi.waitFor(
      () => {
        url = /Stockroom serves at (\S+)/.exec(io.out())?.[1] ?? '';
        expect([url, io.err()]).toEqual([expect.stringMatching(/^http/), io.err()]);
      },
      { timeout: 100_000, interval: 50 },
    );
  });
  afterAll(async () => {
    io?.events.emit('SIGTERM');
    await running;
    for (const server of [...copies, redis, postgres]) await server?.stop();
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  });

  it('are there, with their labels, once everything has happened', async () => {
    await everythingHappens();
    const wrong = expressions.flatMap(({ where, text }) =>
      faultsOf(text).map((fault) => `${where}: ${fault}`),
    );
    expect(wrong).toEqual([]);
    expect(expressions.length).toBeGreaterThan(50);
  });

  /** Runs one in the service, and waits until it ended so. */
  async function runs(job: string, outcome: 'done' | 'failed'): Promise<void> {
    expect((await ask(`/v1/jobs/${job}/run`, 'POST')).status).toBe(202);
    const ended = new RegExp(`^stockroom_job_runs_total\\{task="${job}",outcome="${outcome}"\\} 1$`, 'm');
    await vi.waitFor(async () => expect(await scrape()).toMatch(ended), { timeout: 30_000, interval: 100 });
  }

  /** Each job is done once, and one has failed before. */
  async function jobsRun(): Promise<void> {
    await asAdmin(async (admin) => {
      await admin.query('ALTER TABLE stockroom.llm_budgets RENAME TO away');
      try {
        await runs('alerts', 'failed');
      } finally {
        await admin.query('ALTER TABLE stockroom.away RENAME TO llm_budgets');
      }
    });
    for (const job of ['alerts', 'outcomes', 'retention', 'refresh']) await runs(job, 'done');
  }

  /** Answers of every kind, a statement that fails, a probe of the cache, and a Redis that goes away. */
  async function everythingHappens(): Promise<void> {
    await jobsRun();
    await asAdmin(async (admin) => {
      await admin.query('ALTER TABLE stockroom.top_picks_runs RENAME TO away');
      try {
        expect((await get('/v1/top-picks/runs')).status).toBe(500);
      } finally {
        await admin.query('ALTER TABLE stockroom.away RENAME TO top_picks_runs');
      }
    });
    expect((await get('/v1/top-picks/runs')).status).toBe(200);
    const many = await Promise.all(Array.from({ length: 60 }, () => get('/v1/llm/spend')));
    expect(many.map(({ status }) => status)).toContain(429);
    await vi.waitFor(
      async () => expect(await scrape()).toMatch(/^stockroom_cache_staleness_seconds_count [1-9]/m),
      {
        timeout: 20_000,
        interval: 100,
      },
    );
    // A server that is silent opens its breaker, and one that ends cuts its connection.
    const told = async (metric: string): Promise<void> => {
      await vi.waitFor(
        async () => {
          await get('/v1/llm/spend');
          await scrape();
          expect([metric, scraped.sampled(metric)]).toEqual([metric, true]);
        },
        { timeout: 30_000, interval: 50 },
      );
    };
    // Of the servers themselves is asked now and then.
    await told('stockroom_redis_replica_lag_seconds');
    await told('stockroom_postgres_replica_lag_seconds');
    await told('stockroom_postgres_statement_seconds_total');
    pause(redis);
    await told('stockroom_hot_failures_total');
    await told('stockroom_hot_breaker_opened_total');
    resume(redis);
    await redis.stop();
    await told('stockroom_hot_disconnects_total');
  }

  function faultsOf(text: string): string[] {
    const own = namesIn(text).filter(({ metric }) => !prometheus.has(metric));
    return own.flatMap(({ metric, labels, grouping }) => {
      if (!scraped.has(metric)) return [`${metric} is not in /metrics`];
      if (!scraped.sampled(metric)) return [`${metric} has no sample: this test must make it happen`];
      const wanted = [...labels, ...grouping.map((name) => ({ name, operator: 'by', value: '' }))];
      return wanted.flatMap(({ name: label, operator, value }) => {
        if (label === 'job' && operator === '=' && value !== 'stockroom')
          return [`${metric} is scraped by the job stockroom, and not ${value}`];
        if (targetLabels.has(label)) return [];
        const name = label.replace(EXPORTED, '');
        const values = scraped.values(metric, name);
        if (values === undefined) return [`${metric} has no label ${name}`];
        if (operator === '=' && !values.has(value)) return [`${metric} never has ${name}="${value}"`];
        if (operator === '=~' && ![...values].some((each) => new RegExp(`^(?:${value})$`).test(each)))
          return [`${metric} never has ${name} like ${value}`];
        return [];
      });
    });
  }
});

describe('the metrics of a service without servers', () => {
  it('are the same, with what there is in the process', async () => {
    const tier = await freshTier('embedded');
    const { app } = await testServer({ durable: tier.durable });
    try {
      const scraped = new Scraped();
      const text = (await app.inject('/metrics')).body;
      scraped.add(text);
      const missing = expressions.flatMap(({ where, text: expression }) =>
        namesIn(expression)
          .filter(({ metric }) => !prometheus.has(metric) && !scraped.has(metric))
          .map(({ metric }) => `${where}: ${metric}`),
      );
      expect(missing).toEqual([]);
      expect(text).toMatch(/^stockroom_postgres_up 1$/m);
      expect(text).toMatch(/^stockroom_postgres_database_bytes [1-9]\d+$/m);
      expect(scraped.values('stockroom_postgres_table_live_rows', 'table')).toContain('llm_requests');
      expect(text).not.toMatch(/^stockroom_redis_.*\d$/m);
    } finally {
      await app.close();
      await tier.remove();
    }
  });
});
