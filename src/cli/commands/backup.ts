import type { Command } from 'commander';
import { StockroomError } from '../../core/errors.ts';
import { isHotError } from '../../tiers/hot/index.ts';
import { act, type Context, openHotTier } from '../context.ts';
import { jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { withProgress } from '../progress.ts';
import { backupLines } from '../render/backup.ts';
import { allSettings, configOf, durableSettings, hotSettings, SettingFlag } from '../settings.ts';
import { directoryOf } from './migrate-flags.ts';

/** A person waits longer than a service does. */
const PATIENCE_MS = 5_000;

export function registerBackup(program: Command, context: Context): void {
  const command = program
    .command('backup')
    .description(
      'write both tiers into a directory: dumped from one snapshot, hashed table by table, read back',
    )
    .argument('<dir>', 'a directory that does not exist yet, or is empty')
    .addOption(jsonFlag());
  addTierSettings(command);
  explain(command, {
    examples: [
      {
        line: 'stockroom backup /backups/2026-11-30',
        does: 'while services run (embedded: while none does)',
      },
      { line: 'stockroom restore /backups/2026-11-30', does: 'into empty tiers, compared row by row' },
    ],
    exits: [0, 1, 2, 130],
  });
  act(context, command, async (given) => {
    const { io, colors } = context;
    const directory = directoryOf(context, given);
    const config = configOf(command, io.env);
    context.lifetime.interruptedNote = 'there is no backup: what was written of it is removed';
    const hot = await openPatientHot(context, config).catch((error: unknown) => {
      throw needsBoth(error);
    });
    const { backUp } = await import('../../operations/index.ts');
    const report = await stoppable(context, (signal) =>
      withProgress(context, (show) =>
        backUp({
          config,
          hot,
          directory,
          env: io.env,
          signal,
          onTable: (name, done) => show({ name, phase: 'hash', done, total: undefined, group: 'backup' }),
        }),
      ),
    );
    const { manifest, elapsedMs } = report;
    if (context.json)
      writeJson(io.stdout, { ok: true, exit: 0, directory, elapsed_ms: Math.round(elapsedMs), manifest });
    else writeLines(io.stdout, backupLines(report, colors));
    return 0;
  });
}

/** Of PostgreSQL alone a backup is made where no Redis is configured: see docs/backup.md for what it lacks. */
function needsBoth(error: unknown): unknown {
  if (!(error instanceof StockroomError) || !isHotError(error)) return error;
  const message = `${error.message.replace(/\.$/, '')}. A backup takes both tiers: unset REDIS_URL for one of PostgreSQL alone.`;
  return new StockroomError(error.code, message, { cause: error, details: error.details });
}

export function addTierSettings(command: Command): void {
  const needed = new Set<string>([...durableSettings, ...hotSettings]);
  for (const variable of allSettings) if (needed.has(variable)) command.addOption(new SettingFlag(variable));
}

/** @throws StockroomError HOT_UNAVAILABLE: a tier that is away can be neither saved nor known to be empty */
export async function openPatientHot(
  context: Context,
  config: Parameters<typeof openHotTier>[1],
): ReturnType<typeof openHotTier> {
  const patience = { timeoutMs: PATIENCE_MS, slowMs: PATIENCE_MS, heartbeatMs: PATIENCE_MS };
  const hot = await openHotTier(context, config, patience);
  await hot.ping();
  return hot;
}

/** Work that an interrupt stops: the process does not end before what the work did is taken back. */
export async function stoppable<T>(
  { lifetime }: Context,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  lifetime.holding(async () => {
    stopping.abort();
    await running.catch(() => undefined); // Who waits for the work is told.
  });
  const result = work(stopping.signal);
  running = result;
  return result;
}
