import { openStores, type StoreSystem } from '../../src/system/index.ts';
import { createMigrationHistory, type MigrationHistory } from '../../src/migration/history.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { freshTier } from '../support/durable.ts';
import { type Fill, fillBare } from './fills/fill.ts';
import { type Recorder, recorderOf } from './recorder.ts';

/** Rows of each history. */
export const ROWS = process.env['STOCKROOM_TEST_LONG'] === '1' ? 1_000_000 : 100_000;
/** Two years, whatever the number of rows: so is a day always the same share of them. */
export const DAYS = 730;
const DAY_MS = 86_400_000;

export const daysAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();

/** The stores over full tables, with every statement noted. No key stands in Redis: every read comes to PostgreSQL. */
export interface World extends StoreSystem {
  readonly recorder: Recorder;
  readonly history: MigrationHistory;
  remove(): Promise<void>;
}

export async function worldWith(fills: readonly Fill[]): Promise<World> {
  const tier = await freshTier('server');
  // Two connections make rows at once: more would only wait for a core.
  const waiting = [...fills];
  const filler = async (): Promise<void> => {
    for (let fill = waiting.shift(); fill !== undefined; fill = waiting.shift()) {
      const next = fill;
      const rows = ROWS * (next.part ?? 1);
      await tier.durable.session((session) => fillBare(session, next, rows, rows / DAYS));
    }
  };
  await Promise.all([filler(), filler()]);
  const recorder = recorderOf(tier.durable);
  const hot = createInProcessTier({ prefix: 'stockroom:' });
  const system = await openStores({ durable: recorder.durable, hot });
  return {
    ...system,
    recorder,
    history: createMigrationHistory({ durable: recorder.durable }),
    async remove() {
      await system.close();
      await hot.close();
      await tier.remove();
    },
  };
}
