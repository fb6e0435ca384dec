import type { Command } from 'commander';
import { act, type Context, withTier } from '../context.ts';
import { jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { withMigrationProgress } from '../progress.ts';
import { renderReport } from '../render/report.ts';
import { configOf } from '../settings.ts';
import {
  addDurableSettings,
  directoryOf,
  requireDirectory,
  storeFlag,
  timezoneFlag,
} from './migrate-flags.ts';

export const RUN_INTERRUPTED =
  'the migration was interrupted: what was copied is kept, and the same command goes on from there';

interface Options {
  store?: string[];
  timezone?: string[];
}

export function registerRun(parent: Command, context: Context): void {
  const command = parent
    .command('run')
    .description('copy an old directory into PostgreSQL and verify every row; resumes by itself')
    .argument('<dir>', 'the old data directory, the one that holds cache/ and data/')
    .addOption(storeFlag())
    .addOption(timezoneFlag())
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom migrate run ../old-app', does: 'into the embedded PostgreSQL' },
      { line: 'DATABASE_URL=postgresql://… stockroom migrate run ../old-app', does: 'into a server' },
      {
        line: 'stockroom migrate run ../old-app --timezone llm_requests.timestamp=Asia/Kolkata',
        does: 'read a column in its true zone',
      },
    ],
    exits: [0, 1, 2, 3, 4, 130],
  });
  act(context, command, (given) => migrateDirectory(context, command, 'run', given));
}

export function registerVerify(parent: Command, context: Context): void {
  const command = parent
    .command('verify')
    .description('compare every row of an old directory with what is loaded; changes nothing')
    .argument('<dir>', 'the old data directory that was migrated')
    .addOption(storeFlag())
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [{ line: 'stockroom migrate verify ../old-app', does: 'exit code 4 when a row differs' }],
    exits: [0, 1, 2, 3, 4, 130],
  });
  act(context, command, (given) => migrateDirectory(context, command, 'verify', given));
}

async function migrateDirectory(
  context: Context,
  command: Command,
  which: 'run' | 'verify',
  given: string | undefined,
): Promise<number> {
  const { io, colors, lifetime } = context;
  const options = command.opts<Options>();
  const directory = directoryOf(context, given);
  const config = configOf(command, io.env);
  const { builtInSources, parseTimezones, runMigration, verifyMigration } = await import(
    '../../migration/index.ts'
  );
  const timezones = parseTimezones(options.timezone ?? [], builtInSources);
  requireDirectory(directory);
  lifetime.interruptedNote =
    which === 'run' ? RUN_INTERRUPTED : 'the verification was interrupted: nothing was changed';
  const { report, place } = await withTier(context, config, async (tier) => {
    const work = which === 'run' ? runMigration : verifyMigration;
    const run = () => work({ tier, directory, stores: options.store ?? [], timezones });
    const { kind, location, schema } = tier;
    return { report: await withMigrationProgress(context, run), place: { kind, location, schema } };
  });
  if (context.json) writeJson(io.stdout, report);
  else writeLines(io.stdout, renderReport(report, { colors, place, command: which, next: true }));
  return report.exit;
}
