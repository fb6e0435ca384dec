import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { StockroomError } from '../../core/errors.ts';
import type { CleanupProgress, CleanupReport, RestoreReport } from '../../migration/cleanup/index.ts';
import { act, type Context, withTier } from '../context.ts';
import { Flag, jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { type Step, withProgress } from '../progress.ts';
import { cleanupLines, restoreLines } from '../render/cleanup.ts';
import { configOf } from '../settings.ts';
import { addDurableSettings, directoryOf, requireDirectory } from './migrate-flags.ts';

interface Options {
  apply?: boolean;
  archive?: string;
  restore?: string;
}

export function registerCleanup(program: Command, context: Context): void {
  const command = program
    .command('cleanup')
    .description(
      'archive and remove the old files of stores in stage complete: archived, read back, compared, and only then removed',
    )
    .argument('<dir>', 'the old data directory, the one that holds cache/ and data/')
    .addOption(new Flag('--apply', 'STOCKROOM_APPLY', 'do it; without, it is only said what would be done'))
    .addOption(
      new Flag(
        '--archive <dir>',
        'STOCKROOM_ARCHIVE',
        'where archives go (default archive/legacy in the data directory)',
      ),
    )
    .addOption(
      new Flag(
        '--restore <archive>',
        'STOCKROOM_RESTORE',
        'write everything in an archive back to <dir>; needs no database',
      ),
    )
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom cleanup ../old-app', does: 'what would go, what would stay, and why' },
      { line: 'stockroom cleanup ../old-app --apply', does: 'archive it, prove the archive, remove it' },
      {
        line: 'stockroom cleanup ../old-app --restore .stockroom/archive/legacy/2026-11-30T08-00-00-000Z',
        does: 'all of it back, byte for byte',
      },
    ],
    exits: [0, 1, 2, 3, 4],
  });
  act(context, command, async (given) => {
    const options = command.opts<Options>();
    const directory = directoryOf(context, given);
    if (options.restore === undefined) return cleanup(context, command, directory, options);
    if (options.apply === true || options.archive !== undefined) {
      throw new StockroomError('USAGE', '--restore stands alone: not with --apply, nor with --archive');
    }
    return restore(context, directory, resolve(options.restore));
  });
}

async function cleanup(
  context: Context,
  command: Command,
  directory: string,
  { apply = false, archive }: Options,
): Promise<number> {
  requireDirectory(directory);
  const config = configOf(command, context.io.env);
  const archives = resolve(archive ?? join(config.dataDir, 'archive', 'legacy'));
  const { cleanupDirectory } = await import('../../migration/cleanup/index.ts');
  context.lifetime.interruptedNote = apply
    ? 'every old file is in its place or in a proven archive; call the command again and it goes on'
    : 'nothing was changed';
  const report = await withTier(context, config, (tier) =>
    withProgress(context, (show) =>
      cleanupDirectory({
        tier,
        directory,
        archives,
        apply,
        actor: 'command line',
        onProgress: (progress) => show(stepOf(progress)),
      }),
    ),
  );
  return answer(context, report, cleanupLines(report, context.colors));
}

async function restore(context: Context, directory: string, archive: string): Promise<number> {
  const { restoreArchive } = await import('../../migration/cleanup/index.ts');
  context.lifetime.interruptedNote = 'what is there is whole; call the command again and it goes on';
  const report = await withProgress(context, (show) =>
    restoreArchive({ directory, archive, onProgress: (progress) => show(stepOf(progress)) }),
  );
  return answer(context, report, restoreLines(report, context.colors));
}

function answer(context: Context, report: CleanupReport | RestoreReport, lines: readonly string[]): number {
  if (context.json) writeJson(context.io.stdout, report);
  else writeLines(context.io.stdout, lines);
  return report.exit;
}

const stepOf = ({ phase, unit, done, total }: CleanupProgress): Step => ({ name: unit, phase, done, total });
