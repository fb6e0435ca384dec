import type { Command } from 'commander';
import { migrationProgress } from '../../core/diagnostics.ts';
import { act, type Context } from '../context.ts';
import { Flag, jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { type Step, withProgress } from '../progress.ts';
import { renderRehearsal } from '../render/rehearsal.ts';
import { configOf } from '../settings.ts';
import {
  addDurableSettings,
  directoryOf,
  requireDirectory,
  storeFlag,
  timezoneFlag,
} from './migrate-flags.ts';

interface Options {
  store?: string[];
  timezone?: string[];
  keep?: boolean;
}

export function registerRehearse(parent: Command, context: Context): void {
  const command = parent
    .command('rehearse')
    .description(
      'the whole move and the way back on a snapshot, in scratch: what it finds and how long it takes',
    )
    .argument('<dir>', 'the old data directory, the one that holds cache/ and data/')
    .addOption(storeFlag())
    .addOption(timezoneFlag())
    .addOption(new Flag('--keep', 'STOCKROOM_KEEP', 'leave the scratch directory and schema for a look'))
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom migrate rehearse ../old-app', does: 'in an embedded PostgreSQL in scratch' },
      {
        line: 'DATABASE_URL=postgresql://… stockroom migrate rehearse ../old-app',
        does: 'in a schema of its own, dropped at the end',
      },
      {
        line: 'stockroom migrate rehearse ../old-app --keep',
        does: 'leave the snapshot and the old files written anew',
      },
    ],
    exits: [0, 1, 2, 3, 4, 130],
  });
  act(context, command, (given) => rehearseDirectory(context, command, given));
}

async function rehearseDirectory(
  context: Context,
  command: Command,
  given: string | undefined,
): Promise<number> {
  const { io, colors, lifetime } = context;
  const { store: stores = [], timezone = [], keep = false } = command.opts<Options>();
  const directory = directoryOf(context, given);
  const config = configOf(command, io.env);
  const { builtInSources, parseTimezones } = await import('../../migration/index.ts');
  const { rehearse } = await import('../../migration/rehearse/index.ts');
  const timezones = parseTimezones(timezone, builtInSources);
  requireDirectory(directory);
  lifetime.interruptedNote = `the rehearsal was interrupted: ${directory} is as it was, and the scratch is ${keep ? 'kept' : 'removed'}`;
  const rehearsal = await withProgress(context, async (show) => {
    // In a log every phase has its own lines of a source.
    const step = (one: Step): void => show({ ...one, group: `${one.phase} ${one.name}` });
    const silence = migrationProgress.subscribe(({ source, ...rest }) => step({ name: source, ...rest }));
    try {
      return await rehearse({
        directory,
        config,
        stores,
        timezones,
        keep,
        onStep: step,
        holding: (close) => lifetime.holding(close),
      });
    } finally {
      silence();
    }
  });
  if (context.json) writeJson(io.stdout, rehearsal);
  else writeLines(io.stdout, renderRehearsal(rehearsal, colors));
  return rehearsal.exit;
}
