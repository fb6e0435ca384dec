import type { Command } from 'commander';
import { act, type Context } from '../context.ts';
import { jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { withMigrationProgress } from '../progress.ts';
import { renderInspection } from '../render/inspection.ts';
import { directoryOf, storeFlag, timezoneFlag } from './migrate-flags.ts';

export function registerInspect(parent: Command, context: Context): void {
  const command = parent
    .command('inspect')
    .description(
      'say what is in an old directory and what is wrong with it; needs no database and writes nothing',
    )
    .argument('<dir>', 'the old data directory, the one that holds cache/ and data/')
    .addOption(storeFlag())
    .addOption(timezoneFlag())
    .addOption(jsonFlag());
  explain(command, {
    examples: [
      { line: 'stockroom migrate inspect ../old-app', does: 'what a run would load' },
      { line: 'stockroom migrate inspect ../old-app --store llm-costs', does: 'one store alone' },
    ],
    exits: [0, 1, 2, 3],
  });
  act(context, command, async (given) => {
    const options = command.opts<{ store?: string[]; timezone?: string[] }>();
    const directory = directoryOf(context, given);
    context.lifetime.interruptedNote = 'the inspection was interrupted: nothing was written';
    const { builtInSources, inspectDirectory, parseTimezones } = await import('../../migration/index.ts');
    const timezones = parseTimezones(options.timezone ?? [], builtInSources);
    const inspection = await withMigrationProgress(context, () =>
      inspectDirectory({ directory, stores: options.store ?? [], timezones }),
    );
    if (context.json) writeJson(context.io.stdout, inspection);
    else writeLines(context.io.stdout, renderInspection(inspection, context.colors));
    return inspection.exit;
  });
}
