import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Server, startRedis } from '../support/servers.ts';
import { plans, run } from './cache-model/run.ts';
import { hardTimeoutMs, settings } from './cache-model/world.ts';

const LONG = process.env['STOCKROOM_TEST_LONG'] === '1';
const RUNS = LONG ? 300 : 15;

let server: Server;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server?.stop();
});

/** For a process that has other things to do: callers are promised their deadlines, and not a share of the processor. */
const BUSY_MS = 1_500;

it(
  'no plan of reads, writes and faults makes several caches give what the model forbids, or wait too long',
  async () => {
    let reads = 0;
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { history, waits } = await run(server, plan);
        expect(history.faults(settings.heartbeatMs)).toEqual([]);
        // An entry and its marks, asked for together; a tag's mark after them.
        expect(waits.reads).toBeLessThan(2 * settings.timeoutMs + BUSY_MS);
        // A mark, the write, and (deleteByTag) one more.
        expect(waits.writes).toBeLessThan(3 * settings.timeoutMs + BUSY_MS);
        expect(waits.makes).toBeLessThan(hardTimeoutMs + 2 * settings.timeoutMs + BUSY_MS);
        reads += history.reads.length;
      }),
      {
        numRuns: RUNS,
        // What depends on time does not come again: shrinking would show another run.
        endOnFailure: true,
        interruptAfterTimeLimit: LONG ? 1_500_000 : 100_000,
        markInterruptAsFailure: true,
      },
    );
    expect(reads).toBeGreaterThan(RUNS * 20);
  },
  LONG ? 1_600_000 : 120_000,
);
