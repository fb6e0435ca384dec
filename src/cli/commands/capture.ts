import type { Command } from 'commander';
import type { CaptureInstallation, CaptureRemoval } from '../../migration/index.ts';
import { act, type Context } from '../context.ts';
import { jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { counted, plain } from '../render/text.ts';
import { directoryOf } from './migrate-flags.ts';

export function registerCapture(program: Command, context: Context): void {
  const capture = program
    .command('capture')
    .description('let the old SQLite databases log which of their rows change, so that they can be followed');
  registerInstall(capture, context);
  registerRemove(capture, context);
}

function registerInstall(parent: Command, context: Context): void {
  const command = parent
    .command('install')
    .description(
      'put triggers and two tables into every old database that holds a known source; again: what is missing',
    )
    .argument('<dir>', 'the old data directory, the one that holds cache/ and data/')
    .addOption(jsonFlag());
  explain(command, {
    examples: [
      { line: 'stockroom capture install ../old-app', does: 'the old application may go on writing' },
      { line: 'stockroom capture install ../old-app --json', does: 'which tables, as one document' },
    ],
    exits: [0, 1, 2, 3],
  });
  act(context, command, async (given) => {
    const directory = directoryOf(context, given);
    context.lifetime.interruptedNote = 'each file has capture or has not; call the command again';
    const { installCaptureIn } = await import('../../migration/index.ts');
    const installation = await installCaptureIn({ directory });
    if (context.json) writeJson(context.io.stdout, installation);
    else writeLines(context.io.stdout, installationLines(installation));
    return installation.exit;
  });
}

function registerRemove(parent: Command, context: Context): void {
  const command = parent
    .command('remove')
    .description('take the triggers and both tables out of the old databases again')
    .argument('<dir>', 'the old data directory, the one that holds cache/ and data/')
    .addOption(jsonFlag());
  explain(command, {
    examples: [{ line: 'stockroom capture remove ../old-app', does: 'every database as it was before' }],
    exits: [0, 1, 2, 3],
  });
  act(context, command, async (given) => {
    const directory = directoryOf(context, given);
    context.lifetime.interruptedNote = 'each file has capture or has not; call the command again';
    const { removeCaptureIn } = await import('../../migration/index.ts');
    const removal = await removeCaptureIn({ directory });
    if (context.json) writeJson(context.io.stdout, removal);
    else writeLines(context.io.stdout, removalLines(removal));
    return removal.exit;
  });
}

function installationLines({ files, by_content, failed }: CaptureInstallation): string[] {
  const databases = files.flatMap(({ file, tables, changed }) => [
    `${plain(file)}  ${changed ? 'captured' : 'captured already'}`,
    ...tables.map(({ name, by }) => `  ${plain(name)}${by === 'row' ? '' : ' (as a whole)'}`),
  ]);
  const content = by_content.map(({ source, files: found }) => `  ${source}  ${counted(found, 'file')}`);
  return [
    ...databases,
    ...(databases.length === 0 && failed.length === 0 ? ['No database here holds a known source.'] : []),
    ...(content.length === 0
      ? []
      : ['JSON files have no triggers; they are followed by their content:', ...content]),
    ...failedLines(failed),
  ];
}

function removalLines({ files, failed }: CaptureRemoval): string[] {
  const removed = files.map((file) => `${plain(file)}  capture removed`);
  const nothing = files.length === 0 && failed.length === 0 ? ['No database here has capture.'] : [];
  return [...removed, ...nothing, ...failedLines(failed)];
}

function failedLines(failed: CaptureInstallation['failed']): string[] {
  if (failed.length === 0) return [];
  return [
    'These stay as they were:',
    ...failed.map(({ file, reason }) => `  ${plain(file)}  ${plain(reason)}`),
  ];
}
