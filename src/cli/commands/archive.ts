import { join } from 'node:path';
import type { Command } from 'commander';
import type { ArchivedTable } from '../../datasets/index.ts';
import { act, type Context, withTier } from '../context.ts';
import { Flag, jsonFlag, wholeNumber } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { withProgress } from '../progress.ts';
import { count, plain } from '../render/text.ts';
import { configOf } from '../settings.ts';
import { addDurableSettings } from './migrate-flags.ts';

/** The old application kept its runs for so long. */
const DAYS_DEFAULT = 90;
const DAYS_MAX = 36_500;
const DAY_MS = 86_400_000;

interface Options {
  olderThan?: string;
  apply?: boolean;
}

export function registerArchive(program: Command, context: Context): void {
  const command = program
    .command('archive')
    .description(
      'move old history into Parquet files under the data directory: written, read back, compared, and only then removed',
    )
    .argument('<store>', 'llm-costs, recommendations, top-picks, context, pick-log or agent-memory')
    .addOption(
      new Flag(
        '--older-than <days>',
        'STOCKROOM_OLDER_THAN',
        `rows older than this leave (default ${DAYS_DEFAULT})`,
      ),
    )
    .addOption(new Flag('--apply', 'STOCKROOM_APPLY', 'do it; without, it is only said what would be done'))
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom archive llm-costs', does: 'what would be archived' },
      { line: 'stockroom archive llm-costs --older-than 365 --apply', does: 'archive it' },
    ],
    exits: [0, 1, 2],
  });
  act(context, command, async (store) => {
    const { io, lifetime } = context;
    const { olderThan, apply = false } = command.opts<Options>();
    const days = wholeNumber('--older-than', olderThan, 0, DAYS_MAX) ?? DAYS_DEFAULT;
    const config = configOf(command, io.env);
    const before = new Date(Date.now() - days * DAY_MS).toISOString();
    const directory = join(config.dataDir, 'archive');
    const { archiveStore } = await import('../../datasets/index.ts');
    lifetime.interruptedNote = 'nothing is lost; call the command again and it goes on';
    const tables = await withTier(context, config, (durable) =>
      withProgress(context, (show) =>
        archiveStore({
          durable,
          store,
          before,
          directory,
          apply,
          onProgress: (table, done) => show({ name: table, phase: 'archive', done, total: undefined }),
        }),
      ),
    );
    if (context.json) writeJson(io.stdout, { ok: true, exit: 0, store, before, directory, apply, tables });
    else writeLines(io.stdout, [...tables.flatMap((table) => linesOf(table, apply)), ...hint(tables, apply)]);
    return 0;
  });
}

function linesOf({ table, rows, files, removed, kept }: ArchivedTable, apply: boolean): string[] {
  if (!apply) return [`${table}  ${count(rows)} rows would be archived`];
  const changed = kept === 0 ? '' : `, ${count(kept)} were changed meanwhile and stay`;
  return [
    `${table}  ${count(rows)} rows archived, ${count(removed)} removed${changed}`,
    ...files.map((file) => `  ${plain(file)}`),
  ];
}

function hint(tables: readonly ArchivedTable[], apply: boolean): string[] {
  return !apply && tables.some(({ rows }) => rows > 0) ? ['With --apply it is done.'] : [];
}
