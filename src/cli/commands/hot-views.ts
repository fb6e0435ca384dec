import type { Command } from 'commander';
import { StockroomError } from '../../core/errors.ts';
import type { BoundView, ViewReport } from '../../tiers/views/index.ts';
import { act, type Context, openHotTier, openTier } from '../context.ts';
import { jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { withProgress } from '../progress.ts';
import { count, plain } from '../render/text.ts';
import { table } from '../render/table.ts';
import { allSettings, configOf, durableSettings, hotSettings, SettingFlag } from '../settings.ts';

/** A person waits longer than a service does. */
const PATIENCE_MS = 5_000;
/** Differences that are printed one by one. */
const SHOWN_MAX = 20;

export function registerHotRebuild(parent: Command, context: Context): void {
  const command = addCommand(parent, 'rebuild', 'build the keys in Redis anew from PostgreSQL');
  explain(command, {
    examples: [
      { line: 'stockroom hot rebuild', does: 'all stores' },
      { line: 'stockroom hot rebuild llm-costs', does: 'one' },
    ],
    exits: [0, 1, 2],
  });
  act(context, command, async (store) => {
    const { io } = context;
    const { durable, hot, views } = await open(context, command, store);
    const { rebuildView } = await import('../../tiers/views/index.ts');
    const built = await withProgress(context, async (show) => {
      const rows: { store: string; pattern: string; keys: number }[] = [];
      for (const bound of views) {
        const { store: of, pattern } = bound.view;
        const keys = await rebuildView(hot, durable, bound);
        show({ name: pattern, phase: 'build', done: keys, total: undefined });
        rows.push({ store: of, pattern, keys });
      }
      return rows;
    });
    if (context.json) writeJson(io.stdout, { ok: true, exit: 0, views: built });
    else writeLines(io.stdout, tableOf(built));
    return 0;
  });
}

export function registerHotVerify(parent: Command, context: Context): void {
  const command = addCommand(parent, 'verify', 'compare every key in Redis with PostgreSQL');
  explain(command, {
    examples: [
      { line: 'stockroom hot verify', does: 'all stores; exit code 4 on a difference' },
      { line: 'stockroom hot verify recommendations --json', does: 'one, for a program' },
    ],
    exits: [0, 1, 2, 4],
  });
  act(context, command, async (store) => {
    const { io } = context;
    const { durable, hot, views } = await open(context, command, store);
    const { verifyView } = await import('../../tiers/views/index.ts');
    const reports = await withProgress(context, async (show) => {
      const all: ViewReport[] = [];
      for (const bound of views) {
        const report = await verifyView(hot, durable, bound);
        show({ name: report.pattern, phase: 'compare', done: report.keys, total: undefined });
        all.push(report);
      }
      return all;
    });
    const different = reports.flatMap(({ differences }) => differences);
    const exit = different.length === 0 ? 0 : 4;
    if (context.json) writeJson(io.stdout, { ok: exit === 0, exit, views: reports });
    else {
      const lines = different.slice(0, SHOWN_MAX).map(({ key, expected }) => {
        return `${plain(key)} ${expected === undefined ? 'has nothing in PostgreSQL' : 'differs from PostgreSQL'}`;
      });
      const way =
        exit === 0 ? [] : ['', `${count(different.length)} keys differ: stockroom hot rebuild corrects them`];
      writeLines(io.stdout, [...tableOf(reports), ...(lines.length > 0 ? ['', ...lines] : []), ...way]);
    }
    return exit;
  });
}

function addCommand(parent: Command, name: string, description: string): Command {
  const command = parent
    .command(name)
    .description(description)
    .argument('[store]', 'only this store')
    .addOption(jsonFlag());
  const needed = new Set<string>([...durableSettings, ...hotSettings]);
  for (const variable of allSettings) if (needed.has(variable)) command.addOption(new SettingFlag(variable));
  return command;
}

async function open(context: Context, command: Command, store: string | undefined) {
  const config = configOf(command, context.io.env);
  if (config.redis === undefined) {
    throw new StockroomError(
      'USAGE',
      'No Redis is configured, and the hot tier of a service that has none is the service itself: set REDIS_URL or --redis-url',
    );
  }
  const { tier: durable } = await openTier(context, config);
  const patience = { timeoutMs: PATIENCE_MS, slowMs: PATIENCE_MS, heartbeatMs: PATIENCE_MS };
  const hot = await openHotTier(context, config, patience);
  await hot.ping();
  const { openStores } = await import('../../system/index.ts');
  const system = await openStores({ durable, hot });
  context.lifetime.holding(() => system.close());
  return { durable, hot, views: viewsOf(system.views.all, store) };
}

function viewsOf(all: readonly BoundView<unknown>[], store: string | undefined): BoundView<unknown>[] {
  const found = all.filter(({ view }) => store === undefined || view.store === store);
  if (found.length > 0) return found;
  const stores = [...new Set(all.map(({ view }) => view.store))].sort();
  throw new StockroomError(
    'SOURCE_UNKNOWN',
    `There is no store ${JSON.stringify(store)} with keys that follow from PostgreSQL; use one of ${stores.join(', ')}`,
  );
}

function tableOf(
  rows: readonly { store: string; pattern: string; keys: number; differences?: unknown[] }[],
): string[] {
  const compared = rows.some(({ differences }) => differences !== undefined);
  const cells = rows.map(({ store, pattern, keys, differences }) => [
    store,
    pattern,
    count(keys),
    ...(differences === undefined ? [] : [count(differences.length)]),
  ]);
  return table(
    [
      { title: 'store' },
      { title: 'keys of' },
      { title: 'keys', align: 'right' },
      ...(compared ? [{ title: 'differ', align: 'right' } as const] : []),
    ],
    cells,
  );
}
