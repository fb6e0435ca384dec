// Takes the job `outcomes` and stands still in the middle of it, after its first page; argument: DATABASE_URL.
// Prints a line `page` then, and waits to be killed.
import { createJobs } from '../../src/jobs/index.ts';
import { outcomes } from '../../src/jobs/outcomes.ts';
import { evaluateDue, openStores } from '../../src/system/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';

const [, , url = ''] = process.argv;
const durable = await openServer({ url, schema: 'stockroom', poolMax: 4 });
const hot = createInProcessTier({ prefix: 'stockroom:' });
const system = await openStores({ durable, hot });
// Modules that are loaded on demand are, while this one is: see state-writer.ts.
await import('pg-boss');

function standStill(): void {
  process.stdout.write('page\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const job = {
  ...outcomes,
  // Not by itself: what the other process takes up is the run that was asked for here.
  time: { cron: '0 0 1 1 *', zone: 'UTC' },
  limitMs: 1_500,
  retryDelayMs: 0,
  run: async () => ({ ...(await evaluateDue(system, { pageSize: 1, onProgress: standStill })) }),
};
const settings = { pollMs: 100, expiryMarginMs: 0 };
const jobs = createJobs({ system, hot, schedules: {}, definitions: [job], settings });
await jobs.enqueue('outcomes', 'test');
await new Promise(() => undefined);
