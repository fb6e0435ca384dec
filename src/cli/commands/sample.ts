import type { Command } from 'commander';
import { act, type Context } from '../context.ts';
import { Flag, wholeNumber } from '../flags.ts';
import { explain } from '../help.ts';
import { writeLines } from '../io.ts';
import { sampleStep, withProgress } from '../progress.ts';
import { count, duration } from '../render/text.ts';
import { table } from '../render/table.ts';
import { directoryOf } from './migrate-flags.ts';

export function registerSample(program: Command, context: Context): void {
  const command = program
    .command('sample')
    .description(
      'write an old data directory with every source in it, in the old formats, to try a migration on',
    )
    .argument('<dir>', 'a directory that does not exist yet, or is empty')
    .addOption(new Flag('--scale <n>', 'STOCKROOM_SCALE', 'multiplies the rows of what grows (default 1)'))
    .addOption(new Flag('--seed <n>', 'STOCKROOM_SEED', 'the same seed writes the same rows (default 1)'));
  explain(command, {
    examples: [
      { line: 'stockroom sample old', does: 'some thousand rows' },
      { line: 'stockroom sample old --scale 100 --seed 7', does: 'a hundred times as many, and others' },
    ],
    exits: [0, 1, 2, 130],
  });
  act(context, command, async (given) => {
    const { io, lifetime } = context;
    const options = command.opts<{ scale?: string; seed?: string }>();
    const directory = directoryOf(context, given);
    const scale = wholeNumber('--scale', options.scale, 1, Number.MAX_SAFE_INTEGER) ?? 1;
    const seed = wholeNumber('--seed', options.seed, 1, Number.MAX_SAFE_INTEGER) ?? 1;
    const { writeSample } = await import('../../legacy/sample/index.ts');
    lifetime.interruptedNote = `the sample in ${directory} is not complete: remove that directory, and call the command again`;
    const summary = await withProgress(context, (show) =>
      writeSample(directory, { scale, seed, onProgress: (written) => show(sampleStep(written)) }),
    );
    const { sources, elapsedMs } = summary;
    const rows = sources.reduce((sum, source) => sum + source.rows, 0);
    const cells = sources.map((source) => [source.id, count(source.rows), filesOf(source.files)]);
    writeLines(io.stdout, [
      `${count(rows)} rows written to ${directory} (${duration(elapsedMs)})`,
      '',
      ...table([{ title: 'source' }, { title: 'rows', align: 'right' }, { title: 'files' }], cells),
      '',
      `Next: \`stockroom migrate inspect ${directory}\`.`,
    ]);
    return 0;
  });
}

function filesOf(files: readonly string[]): string {
  const [first = ''] = files;
  return files.length < 2 ? first : `${first} and ${count(files.length - 1)} more`;
}
