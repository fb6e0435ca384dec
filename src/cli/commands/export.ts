import { resolve } from 'node:path';
import type { Command } from 'commander';
import { StockroomError } from '../../core/errors.ts';
import { parseIsoTime } from '../../core/iso-time.ts';
import { act, type Context, withTier } from '../context.ts';
import { Flag, jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { withProgress } from '../progress.ts';
import { count, plain } from '../render/text.ts';
import { configOf } from '../settings.ts';
import { addDurableSettings } from './migrate-flags.ts';

interface Options {
  format?: string;
  asOf?: string;
  output?: string;
}

export function registerExport(program: Command, context: Context): void {
  const command = program
    .command('export')
    .description('write the history of a store into files, for analysis and training')
    .argument('<store>', 'llm-costs, recommendations, top-picks, context, pick-log or agent-memory')
    .addOption(new Flag('--format <format>', 'STOCKROOM_FORMAT', 'parquet (default), csv or ndjson'))
    .addOption(
      new Flag('--as-of <time>', 'STOCKROOM_AS_OF', 'as it was known at this time: nothing later leaks in'),
    )
    .addOption(
      new Flag('--output <dir>', 'STOCKROOM_OUTPUT', 'where the files go, one a table (default: here)'),
    )
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom export recommendations --output data', does: 'data/ai_recommendations.parquet' },
      {
        line: 'stockroom export recommendations --format csv --as-of 2026-01-31',
        does: 'without what became known since',
      },
    ],
    exits: [0, 1, 2],
  });
  act(context, command, async (store) => {
    const { io } = context;
    const options = command.opts<Options>();
    const { exportFormats, exportStore } = await import('../../datasets/index.ts');
    const format = exportFormats.find((one) => one === (options.format ?? 'parquet'));
    if (format === undefined) throw wrong('--format', `one of ${exportFormats.join(', ')}`, options.format);
    const asOf = options.asOf === undefined ? undefined : parseIsoTime(options.asOf);
    if (options.asOf !== undefined && asOf === undefined) {
      throw wrong('--as-of', 'a time with a zone, as 2026-01-31T00:00:00Z, or a date', options.asOf);
    }
    const directory = resolve(options.output ?? '.');
    context.lifetime.interruptedNote = 'no half file was left; call the command again';
    const { files, ageSeconds } = await withTier(context, configOf(command, io.env), (durable) =>
      withProgress(context, (show) =>
        exportStore({
          durable,
          store,
          format,
          asOf,
          directory,
          onProgress: (table, done) => show({ name: table, phase: 'export', done, total: undefined }),
        }),
      ),
    );
    if (context.json)
      writeJson(io.stdout, {
        ok: true,
        exit: 0,
        store,
        format,
        as_of: asOf ?? null,
        data_age_seconds: ageSeconds,
        files,
      });
    else
      writeLines(io.stdout, [
        ...files.map(({ file, rows }) => `${plain(file)}  ${count(rows)} rows`),
        ...(ageSeconds === 0 ? [] : [ageLine(ageSeconds)]),
      ]);
    return 0;
  });
}

function ageLine(seconds: number | null): string {
  const age = seconds === null ? 'it does not say how far it was behind' : `${seconds.toFixed(1)} s behind`;
  return `Read from the replica of DATABASE_REPLICA_URL, ${age}`;
}

function wrong(flag: string, expected: string, found: string | undefined): StockroomError {
  return new StockroomError('USAGE', `${flag}: expected ${expected}, found ${JSON.stringify(found)}`);
}
