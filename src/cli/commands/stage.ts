import type { Command } from 'commander';
import { StockroomError } from '../../core/errors.ts';
import { act, type Context, openTier } from '../context.ts';
import { Flag, jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { moveLines, stageLines } from '../render/stage.ts';
import { configOf } from '../settings.ts';
import { addDurableSettings } from './migrate-flags.ts';

export function registerStage(program: Command, context: Context): void {
  const stage = program
    .command('stage')
    .description('where each store is on its way from the old files to PostgreSQL, and moving it on or back');
  registerShow(stage, context);
  registerSet(stage, context);
}

function registerShow(parent: Command, context: Context): void {
  const command = parent
    .command('show')
    .description('the stage of every store: its authority, what waits, what the next stage asks for')
    .argument('[store]', 'one store alone, with its last moves')
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom stage show', does: 'every store on one line' },
      { line: 'stockroom stage show llm-costs', does: 'one store with its gates and its moves' },
    ],
    exits: [0, 1, 2],
  });
  act(context, command, async (store) => {
    const { showStages } = await import('../../migration/index.ts');
    const { tier, close } = await openTier(context, configOf(command, context.io.env));
    const stages = await showStages(tier, { store });
    await close();
    if (context.json) writeJson(context.io.stdout, { items: stages });
    else writeLines(context.io.stdout, stageLines(stages, store !== undefined));
    return 0;
  });
}

interface SetFlags {
  ramp?: string;
  force?: string;
  legacy?: string;
}

function registerSet(parent: Command, context: Context): void {
  const command = parent
    .command('set')
    .description('take a store to its next stage, or back; nothing is moved while a gate is closed')
    .argument('<store>', 'the store, as `stockroom stage show` names it')
    .argument('<stage>', 'legacy, dual-write, shadow, live, ramp-down or complete')
    .addOption(
      new Flag(
        '--ramp <percent>',
        'STOCKROOM_RAMP',
        'in live: of 100 record keys, how many are read from PostgreSQL',
      ),
    )
    .addOption(
      new Flag(
        '--force <reason>',
        'STOCKROOM_FORCE',
        'pass closed gates by; the reason is kept. What would lose writes stays closed',
      ),
    )
    .addOption(
      new Flag('--legacy <dir>', 'STOCKROOM_LEGACY', 'the old directory, when several were migrated'),
    )
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      {
        line: 'stockroom stage set llm-costs dual-write',
        does: 'every write of the old application reaches PostgreSQL',
      },
      {
        line: 'stockroom stage set llm-costs live --ramp 25',
        does: 'PostgreSQL takes the writes, and a quarter of the reads',
      },
      { line: 'stockroom stage set llm-costs legacy', does: 'back, with everything that was written since' },
    ],
    exits: [0, 1, 2],
  });
  act(context, command, async (store, stage) => {
    const flags = command.opts<SetFlags>();
    const { parseStage, setStage } = await import('../../migration/index.ts');
    const options = {
      store,
      to: parseStage(stage),
      ramp: rampOf(flags.ramp),
      force: reasonOf(flags.force),
    };
    context.lifetime.interruptedNote =
      'the move was left in the middle; `stockroom stage set` or `stockroom follow` settles it: it is given up or finished';
    const { tier, close } = await openTier(context, configOf(command, context.io.env));
    const onStep = (text: string): void => void context.io.stderr.write(`${text}\n`);
    const report = await setStage({ tier, ...options, directory: flags.legacy, onStep });
    await close();
    if (context.json) writeJson(context.io.stdout, report);
    else writeLines(context.io.stdout, moveLines(report));
    return 0;
  });
}

function rampOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const ramp = Number(given);
  if (given.trim() !== '' && Number.isInteger(ramp) && ramp >= 0 && ramp <= 100) return ramp;
  throw new StockroomError('INVALID_INPUT', `--ramp: expected a whole number from 0 to 100, found ${given}`, {
    details: { field: 'ramp' },
  });
}

function reasonOf(given: string | undefined): string | undefined {
  if (given === undefined || given.trim() !== '') return given;
  throw new StockroomError('INVALID_INPUT', '--force: expected a reason, found an empty text', {
    details: { field: 'force' },
  });
}
