import type { Command } from 'commander';
import { StockroomError } from '../../core/errors.ts';
import { act, type Context, withTier } from '../context.ts';
import { Flag, jsonFlag, wholeNumber } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { renderQuarantine } from '../render/state.ts';
import { configOf } from '../settings.ts';
import { addDurableSettings } from './migrate-flags.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 1_000;

interface Options {
  source?: string;
  limit?: string;
  cursor?: string;
}

export function registerQuarantine(parent: Command, context: Context): void {
  const command = parent
    .command('quarantine')
    .description('rows that could not be loaded as they are, with the reason and the original')
    .addOption(new Flag('--source <id>', 'STOCKROOM_SOURCE', 'only this source'))
    .addOption(new Flag('--limit <n>', 'STOCKROOM_LIMIT', `rows on a page (default ${LIMIT_DEFAULT})`))
    .addOption(new Flag('--cursor <cursor>', 'STOCKROOM_CURSOR', 'the next_cursor of the page before'))
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom migrate quarantine', does: `the first ${LIMIT_DEFAULT} rows` },
      {
        line: 'stockroom migrate quarantine --source llm_requests --json',
        does: 'one source, for a program',
      },
    ],
    exits: [0, 1, 2],
  });
  act(context, command, async () => {
    const { source, cursor, ...given } = command.opts<Options>();
    const limit = wholeNumber('--limit', given.limit, 1, LIMIT_MAX) ?? LIMIT_DEFAULT;
    const config = configOf(command, context.io.env);
    const { builtInSources, listQuarantine } = await import('../../migration/index.ts');
    const ids = builtInSources.map(({ id }) => id);
    if (source !== undefined && !ids.includes(source)) {
      throw new StockroomError(
        'SOURCE_UNKNOWN',
        `there is no source ${source}; the sources are ${ids.join(', ')}`,
      );
    }
    const page = await withTier(context, config, (tier) => listQuarantine(tier, { source, limit, cursor }));
    if (context.json) writeJson(context.io.stdout, page);
    else writeLines(context.io.stdout, renderQuarantine(page.items, nextCommand(page.next_cursor, source)));
    return 0;
  });
}

function nextCommand(cursor: string | null, source: string | undefined): string | null {
  if (cursor === null) return null;
  const only = source === undefined ? '' : ` --source ${source}`;
  return `stockroom migrate quarantine${only} --cursor ${cursor}`;
}
