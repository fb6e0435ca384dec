import type { Command } from 'commander';
import { act, type Context } from '../context.ts';
import { jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { withProgress } from '../progress.ts';
import { restoredLines } from '../render/backup.ts';
import { configOf } from '../settings.ts';
import { addTierSettings, openPatientHot, stoppable } from './backup.ts';
import { directoryOf, requireDirectory } from './migrate-flags.ts';

export function registerRestore(program: Command, context: Context): void {
  const command = program
    .command('restore')
    .description('restore a backup into empty tiers, and compare every table with what was backed up')
    .argument('<dir>', 'a directory that `stockroom backup` wrote')
    .addOption(jsonFlag());
  addTierSettings(command);
  explain(command, {
    examples: [
      {
        line: 'DATABASE_URL=postgresql://…/fresh stockroom restore /backups/2026-11-30',
        does: 'into an empty database',
      },
      { line: 'stockroom restore /backups/2026-11-30 --data-dir new', does: 'a backup of the embedded one' },
    ],
    exits: [0, 1, 2, 130],
  });
  act(context, command, async (given) => {
    const { io, colors } = context;
    const directory = directoryOf(context, given);
    requireDirectory(directory);
    const config = configOf(command, io.env);
    context.lifetime.interruptedNote = 'what was restored is taken back, unless all of it was proven by then';
    const hot = await openPatientHot(context, config);
    const { restore } = await import('../../operations/index.ts');
    const report = await stoppable(context, (signal) =>
      withProgress(context, (show) =>
        restore({
          config,
          hot,
          directory,
          env: io.env,
          signal,
          onTable: (name, done) => show({ name, phase: 'compare', done, total: undefined, group: 'restore' }),
        }),
      ),
    );
    if (context.json) {
      const { elapsedMs, durable, tables, rows, migrations, hot: put } = report;
      const restored = { durable, tables, rows, migrations, hot: put };
      writeJson(io.stdout, { ok: true, exit: 0, directory, elapsed_ms: Math.round(elapsedMs), ...restored });
    } else writeLines(io.stdout, restoredLines(report, colors));
    return 0;
  });
}
