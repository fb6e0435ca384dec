import { join } from 'node:path';
import type { Command } from 'commander';
import { type ErrorCode, errorCatalogue, StockroomError } from '../../core/errors.ts';
import type { Jobs, Ran } from '../../jobs/index.ts';
import { act, type Context, openHotTier, openTier } from '../context.ts';
import { jsonFlag } from '../flags.ts';
import { explain } from '../help.ts';
import { writeJson, writeLines } from '../io.ts';
import { jobLines, ranLines } from '../render/jobs.ts';
import { allSettings, configOf, SettingFlag } from '../settings.ts';

/** A person waits longer than a service does. */
const PATIENCE_MS = 5_000;

export function registerJobs(program: Command, context: Context): void {
  const jobs = program
    .command('jobs')
    .description('scheduled work: when each job runs, what its last run did, and running one by hand');
  registerList(jobs, context);
  registerRun(jobs, context);
}

function registerList(parent: Command, context: Context): void {
  const command = parent
    .command('list', { isDefault: true })
    .description('every job: its time, its state in the fleet, its last run')
    .addOption(jsonFlag());
  addSettings(command);
  explain(command, {
    examples: [
      { line: 'stockroom jobs', does: 'every job with its last run' },
      { line: 'stockroom jobs --json', does: 'for a program' },
    ],
    exits: [0, 1, 2],
  });
  act(context, command, async () => {
    const items = await (await open(context, command)).list();
    if (context.json) writeJson(context.io.stdout, { ok: true, exit: 0, items });
    else writeLines(context.io.stdout, jobLines(items));
    return 0;
  });
}

function registerRun(parent: Command, context: Context): void {
  const command = parent
    .command('run')
    .description('run a job now, in this process, as the service would')
    .argument('<name>', 'the job, as `stockroom jobs` names it')
    .addOption(jsonFlag());
  addSettings(command);
  explain(command, {
    examples: [{ line: 'stockroom jobs run retention', does: 'archive what is older than the settings say' }],
    exits: [0, 1, 2, 130],
  });
  act(context, command, async (name) => {
    context.lifetime.interruptedNote =
      'the job was broken off; a service begins it again, or call the command again';
    const ran = await (await open(context, command)).runHere(name, 'cli');
    const { id, outcome, durationMs, did, error } = ran;
    if (error !== undefined) throw failedRun(name, { id, durationMs, error });
    if (context.json)
      writeJson(context.io.stdout, { ok: true, exit: 0, id, outcome, duration_ms: durationMs, did });
    else writeLines(context.io.stdout, ranLines(name, ran));
    return 0;
  });
}

/** With the code of what went wrong in the run; a code that is not ours (of Node.js, say) goes into the message. */
function failedRun(
  job: string,
  { id, durationMs, error }: { id: string; durationMs: number; error: NonNullable<Ran['error']> },
): StockroomError {
  const known = isErrorCode(error.code) ? error.code : undefined;
  const message = known === undefined ? `${error.code}: ${error.message}` : error.message;
  return new StockroomError(known ?? 'INTERNAL', `${job} failed after ${durationMs} ms: ${message}`, {
    details: { job, id, code: error.code },
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

function addSettings(command: Command): void {
  for (const variable of allSettings) command.addOption(new SettingFlag(variable));
}

/** Of a process in which nothing runs by itself; the times are shown as the settings have them. */
async function open(context: Context, command: Command): Promise<Jobs> {
  const config = configOf(command, context.io.env);
  const { tier: durable } = await openTier(context, config);
  const patience = { timeoutMs: PATIENCE_MS, slowMs: PATIENCE_MS, heartbeatMs: PATIENCE_MS };
  const hot = await openHotTier(context, config, patience);
  const { openStores } = await import('../../system/index.ts');
  const { createJobs } = await import('../../jobs/index.ts');
  const { alertWebhook, schedules, retentionDays } = config;
  const alerts = alertWebhook === undefined ? undefined : { webhookUrl: alertWebhook };
  const system = await openStores({ durable, hot, alerts });
  context.lifetime.holding(() => system.close());
  const archiveDirectory = join(config.dataDir, 'archive');
  const jobs = createJobs({ system, hot, schedules, runs: false, retentionDays, archiveDirectory });
  context.lifetime.holding(() => jobs.close());
  return jobs;
}
