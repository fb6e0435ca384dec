// Runs jobs in a process of its own; arguments: DATABASE_URL or the directory of an embedded database, and which jobs.
// - `standing` (by default): takes `outcomes`, prints a line `page` after its first page, stands still and waits to be killed.
// - `gated`: takes `gated`, see jobs-gated.ts, and `tick` every second; prints a line each time that it begins one.
import { createJobs, type JobDefinition, type JobSettings } from '../../src/jobs/index.ts';
import { outcomes } from '../../src/jobs/outcomes.ts';
import { evaluateDue, openStores } from '../../src/system/index.ts';
import { openEmbedded } from '../../src/tiers/durable/embedded/open-embedded.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { gated, gatedSettings, tick } from './jobs-gated.ts';

const [, , place = '', kind = 'standing'] = process.argv;
const schema = 'stockroom';
const durable = place.startsWith('postgres')
  ? await openServer({ url: place, schema, poolMax: 4 })
  : await openEmbedded({ dataDir: place, schema });
const hot = createInProcessTier({ prefix: 'stockroom:' });
const system = await openStores({ durable, hot });
// Modules that are loaded on demand are, while this one is: see state-writer.ts.
await import('pg-boss');

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function standStill(): void {
  say('page');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const standing: JobDefinition = {
  ...outcomes,
  // Not by itself: what the other process takes up is the run that was asked for here.
  time: { cron: '0 0 1 1 *', zone: 'UTC' },
  limitMs: 1_500,
  retryDelayMs: 0,
  run: async () => ({ ...(await evaluateDue(system, { pageSize: 1, onProgress: standStill })) }),
};
const start = (definitions: JobDefinition[], settings: Partial<JobSettings>) =>
  createJobs({ system, hot, schedules: {}, definitions, settings });

if (kind === 'gated') start([gated(say), tick(say)], gatedSettings);
else await start([standing], { pollMs: 100, expiryMarginMs: 0 }).enqueue('outcomes', 'test');
await new Promise(() => undefined);
