import type { Command } from 'commander';
import { act, type Context, withTier } from '../context.ts';
import { jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { renderStatus } from '../render/state.ts';
import { configOf } from '../settings.ts';
import { addDurableSettings } from './migrate-flags.ts';

export function registerStatus(parent: Command, context: Context): void {
  const command = parent
    .command('status')
    .description('what this database knows of its migration: directories, the last run, rows by source')
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [{ line: 'stockroom migrate status', does: 'of the embedded PostgreSQL, or of DATABASE_URL' }],
    exits: [0, 1, 2],
  });
  act(context, command, async () => {
    const { migrationStatus } = await import('../../migration/index.ts');
    const config = configOf(command, context.io.env);
    const { status, place } = await withTier(context, config, async (tier) => {
      const { kind, location, schema } = tier;
      return { status: await migrationStatus(tier), place: { kind, location, schema } };
    });
    if (context.json) writeJson(context.io.stdout, status);
    else writeLines(context.io.stdout, renderStatus(status, place));
    return 0;
  });
}
