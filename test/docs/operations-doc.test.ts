import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { Scraped } from '../deploy/promql.ts';
import { call } from '../support/cli.ts';
import { freshTier } from '../support/durable.ts';
import { testServer } from '../support/http.ts';
import { withRedis } from '../support/redis-commands.ts';
import { startPostgres, startRedis } from '../support/servers.ts';
import { ROOT } from '../support/source-files.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { migrate } from '../../src/tiers/durable/index.ts';
import { codeBlocks } from './markdown.ts';

const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const alertsFile = readFileSync(join(ROOT, 'deploy/alerts.yml'), 'utf8');

/** The entries of the sections about alerts, by their headings. */
function entries(): { title: string; text: string }[] {
  const sections = page.split(/^## /m).filter((section) => section.startsWith('Alerts of '));
  return sections.flatMap((section) =>
    section
      .split(/^### /m)
      .slice(1)
      .map((entry) => ({ title: entry.split('\n')[0]!, text: entry })),
  );
}

/** Everything that is written as a command line of a program, in blocks and within sentences. */
function commandsOf(program: string): string[][] {
  const blocks = codeBlocks(page, 'sh').flatMap((block) => block.split('\n'));
  const inline = [...page.replace(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
  const lines = [...blocks, ...inline].filter((line) => line.startsWith(`${program} `));
  return [...new Set(lines)].map((line) =>
    [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
      .slice(1)
      .map(([, one, two, bare]) => one ?? two ?? bare!),
  );
}

describe('the entries of docs/operations.md', () => {
  const alerts = alertsFile
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((rule) => ({ name: rule.split('\n')[0]!, runbook: /^ {10}runbook: (.+)$/m.exec(rule)?.[1] }));

  it('are one for each alert, in the same order, and each alert names its own', () => {
    expect(alerts.length).toBeGreaterThan(20);
    expect(entries().map(({ title }) => title)).toEqual(alerts.map(({ name }) => name));
    expect(alerts.map(({ runbook }) => runbook)).toEqual(
      alerts.map(({ name }) => `docs/operations.md#${name.toLowerCase()}`),
    );
  });

  it.each(entries().map(({ title, text }) => [title, text]))('%s says all that is wanted', (_, text) => {
    const parts = [...text.matchAll(/^- \*\*([\w ]+?)\*\*/gm)].map(([, part]) => part);
    expect(parts).toEqual(['It means', 'Users see', 'Look at', 'Do', 'Over when']);
  });
});

describe('the commands of docs/operations.md', () => {
  const commands = commandsOf('stockroom');

  it('are found', () => {
    expect(commands.length).toBeGreaterThan(10);
    expect(commands).toContainEqual(['archive', 'llm-costs', '--older-than', '365', '--apply']);
  });

  it.each(commands.map((words) => [words.join(' '), words] as const))('stockroom %s', async (_, words) => {
    const names = words.filter((word) => /^[a-z][\w-]*$/.test(word));
    const { exit, out } = await call([...names, '--help']);
    expect(exit).toBe(0);
    const usage = /^Usage: stockroom (.*)$/m.exec(out)![1]!.split(' ');
    const depth = usage.findIndex((word) => /^[[<(]/.test(word));
    const path = depth === -1 ? usage : usage.slice(0, depth);
    expect(words.slice(0, path.length)).toEqual(path);
    const rest = words.slice(path.length);
    // A group of commands is none by itself.
    expect(usage).not.toContain('[command]');
    const taken = usage.slice(path.length).filter((word) => word !== '[options]');
    const first = rest.findIndex((word) => word.startsWith('-'));
    expect((first === -1 ? rest : rest.slice(0, first)).length).toBeLessThanOrEqual(taken.length);
    for (const flag of rest.filter((word) => word.startsWith('-'))) expect(out).toContain(`${flag} `);
  });
});

describe('what docs/operations.md asks of the servers', () => {
  it('is SQL that runs over the schema', async () => {
    const server = await startPostgres();
    const durable = await openServer({ url: server.url, schema: 'stockroom', poolMax: 1 });
    const client = new Client({ connectionString: server.url });
    try {
      await migrate(durable);
      await client.connect();
      const statements = codeBlocks(page, 'sql').flatMap((block) => block.split(/;\n/).slice(0, -1));
      expect(statements.length).toBeGreaterThan(10);
      for (const statement of statements) {
        const failure = await client.query(statement).then(
          () => '',
          (error: Error) => error.message,
        );
        expect([statement, failure]).toEqual([statement, '']);
      }
    } finally {
      await client.end();
      await durable.close();
      await server.stop();
    }
  });

  it('is commands that Redis takes', async () => {
    const commands = commandsOf('redis-cli').filter(([first]) => !first!.startsWith('-'));
    expect(commands.length).toBeGreaterThan(12);
    const server = await startRedis(['--user', 'stockroom', 'on', '>the-old-one', '~*', '+@all']);
    try {
      await withRedis(server.port, async (send) => {
        for (const command of commands) {
          const failure = await send(...command).then(
            () => '',
            (error: Error) => error.message,
          );
          expect([command, failure]).toEqual([command, '']);
        }
      });
    } finally {
      await server.stop();
    }
  });
});

it('every metric that docs/operations.md names is in /metrics', async () => {
  const tier = await freshTier('embedded');
  const { app } = await testServer({ durable: tier.durable });
  try {
    const scraped = new Scraped();
    scraped.add((await app.inject('/metrics')).body);
    const named = [...page.matchAll(/`((?:stockroom|nodejs|process)_\w+)/g)].map(([, metric]) => metric!);
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((metric) => !scraped.has(metric))).toEqual([]);
  } finally {
    await app.close();
    await tier.remove();
  }
});
