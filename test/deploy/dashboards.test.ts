import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../support/cli.ts';
import type { Server } from '../support/servers.ts';
import { makeSecrets, type Secrets, startDeployedPostgres, textOf, urlOf } from './stack.ts';

interface Panel {
  id: number;
  title: string;
  type: string;
  datasource?: { type: string; uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { rawSql?: string; format?: string }[];
}

interface Board {
  uid: string;
  title: string;
  panels: Panel[];
}

const boards = ['service-and-tiers', 'spend-and-picks'].map(
  (name) => JSON.parse(textOf(`deploy/grafana/${name}.json`)) as Board,
);

/** What Grafana makes of its macros, for a range that takes all of the sample in. */
function expanded(sql: string): string {
  const [from, to] = ["'2000-01-01T00:00:00Z'", "'2100-01-01T00:00:00Z'"];
  return sql
    .replace(/\$__timeFilter\(([\w.]+)\)/g, `$1 BETWEEN ${from} AND ${to}`)
    .replaceAll('$__timeFrom()', from)
    .replaceAll('$__timeTo()', to);
}

describe('the dashboards', () => {
  it('name data sources that are provisioned, and no two panels stand in one place', () => {
    const provisioned = textOf('deploy/grafana/provisioning/datasources/stockroom.yaml');
    for (const { panels } of boards) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      for (const { datasource, type } of panels) {
        if (type !== 'row')
          expect(provisioned).toContain(`uid: ${datasource?.uid}\n    type: ${datasource?.type}\n`);
      }
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, index) => `${x + (index % w)}:${y + Math.floor(index / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    }
  });
});

describe('the statements of the dashboard of spend and picks', () => {
  let secrets: Secrets;
  let postgres: Server;
  let reader: Client;

  beforeAll(async () => {
    secrets = makeSecrets();
    postgres = await startDeployedPostgres(secrets);
    const owner = urlOf(postgres, 'stockroom', secrets.read('database_password'));
    const sample = `${secrets.directory}/../old`;
    expect(await call(['sample', sample])).toMatchObject({ exit: 0 });
    // 3: rows of the sample are in quarantine, as they should be.
    expect(await call(['migrate', 'run', sample], { DATABASE_URL: owner })).toMatchObject({ exit: 3 });
    const writer = new Client({ connectionString: owner });
    await writer.connect();
    await writer.query(
      `INSERT INTO stockroom.llm_budgets (scope, daily_usd) VALUES ('all', 10), ('model:m', 5)`,
    );
    await writer.query(`INSERT INTO stockroom.llm_budget_alerts (scope, period, period_start, threshold, budget_usd, spent_usd)
      VALUES ('all', 'day', '2026-01-05', 80, 10, 8.5)`);
    await writer.query(`INSERT INTO stockroom.llm_requests (model, tokens_input, tokens_output, cost_usd, tags)
      VALUES ('m', 10, 20, 2.5, '["scan"]')`);
    await writer.end();
    reader = new Client({ connectionString: urlOf(postgres, 'reader', secrets.read('reader_password')) });
    await reader.connect();
  });
  afterAll(async () => {
    await reader?.end();
    await postgres?.stop();
    secrets?.remove();
  });

  const statements = boards[1]!.panels.flatMap(({ title, type, targets = [] }) =>
    targets.map(({ rawSql = '', format = '' }) => ({ title, type, rawSql, format })),
  );

  it.each(statements)('$title', async ({ type, rawSql, format }) => {
    const { rows, fields } = await reader.query<Record<string, unknown>>(expanded(rawSql));
    expect(rows.length).toBeGreaterThan(0);
    const names = fields.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    if (format === 'time_series') {
      expect(names.slice(0, 2)).toEqual(['time', 'metric']);
      expect(rows[0]).toMatchObject({ time: expect.any(Date) as Date, metric: expect.any(String) as string });
      const times = rows.map(({ time }) => (time as Date).getTime());
      expect(times).toEqual([...times].sort((one, other) => one - other));
    }
    // A numeric would be a text for Grafana's transformations.
    if (type === 'stat') expect(rows).toEqual([{ [names[0]!]: expect.any(Number) as number }]);
  });

  it('shows what is spent of a budget', async () => {
    const { rawSql } = statements.find(({ title }) => title === 'Budgets today')!;
    const { rows } = await reader.query(expanded(rawSql));
    expect(rows).toContainEqual({ scope: 'model:m', daily_usd: 5, spent_usd: 2.5, used: 0.5 });
  });

  it('are read by a role that cannot write', async () => {
    await expect(reader.query('DELETE FROM stockroom.llm_budgets')).rejects.toMatchObject({ code: '25006' });
    await reader.query('SET default_transaction_read_only = off');
    await expect(reader.query('DELETE FROM stockroom.llm_budgets')).rejects.toMatchObject({ code: '42501' });
  });
});
