import type { Command } from 'commander';
import type { FollowStatus } from '../../migration/index.ts';
import { act, type Context, openTier } from '../context.ts';
import { Flag, jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { createFollowView, followLines } from '../render/follow.ts';
import { configOf } from '../settings.ts';
import { addDurableSettings, directoryOf, requireDirectory } from './migrate-flags.ts';

/** Without a change, a line of JSON comes so often all the same: whoever reads them sees that it lives. */
const JSON_PAUSE_MS = 5000;

export function registerFollow(program: Command, context: Context): void {
  const command = program
    .command('follow')
    .description('keep PostgreSQL up to date while the old application goes on writing its files')
    .argument('<dir>', 'the old data directory, after it was migrated with `migrate run`')
    .addOption(new Flag('--once', 'STOCKROOM_ONCE', 'catch up, and end when nothing waits any more'))
    .addOption(jsonFlag());
  addDurableSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom follow ../old-app', does: 'until Ctrl-C; databases with capture cost least' },
      { line: 'stockroom follow ../old-app --once', does: 'catch up with what was written since' },
      { line: 'stockroom follow ../old-app --json', does: 'one line of JSON a round that found something' },
    ],
    exits: [0, 1, 2, 3, 4, 130],
  });
  act(context, command, (given) => follow(context, command, given));
}

async function follow(context: Context, command: Command, given: string | undefined): Promise<number> {
  const { io, lifetime } = context;
  const once = command.opts<{ once?: boolean }>().once === true;
  const directory = directoryOf(context, given);
  const config = configOf(command, io.env);
  requireDirectory(directory);
  const { followDirectory } = await import('../../migration/index.ts');
  lifetime.interruptedNote =
    'following has stopped after the batch in hand; the same command goes on from there';
  const { tier, close } = await openTier(context, config);
  const stop = new AbortController();
  const show = context.json && !once ? jsonLines(context) : undefined;
  const view = createFollowView(io);
  const following = followDirectory({
    tier,
    directory,
    once,
    signal: stop.signal,
    onStatus: show ?? ((status) => view.show(status)),
  });
  const end = lifetime.holding(async () => {
    stop.abort();
    // What it fails of is told by whoever waits for it.
    await following.catch(() => undefined);
    view.stop();
  });
  const report = await following;
  await end();
  await close();
  if (once && context.json) writeJson(io.stdout, report);
  else if (once) writeLines(io.stdout, followLines(report, context.colors));
  return report.exit;
}

/** One line a round that did or found something. From the first one on, a failure is told on stderr alone. */
function jsonLines(context: Context): (status: FollowStatus) => void {
  let last = '';
  let lastMs = 0;
  return (status) => {
    context.json = false;
    const { changes, lag, state, waiting_for: waiting } = status;
    const what = JSON.stringify([changes, lag, state, waiting, status.files.map(({ away }) => away)]);
    const now = performance.now();
    if (what === last && now - lastMs < JSON_PAUSE_MS) return;
    last = what;
    lastMs = now;
    context.io.stdout.write(`${JSON.stringify(status)}\n`);
  };
}
