import { afterAll, beforeAll } from 'vitest';
import { type HotTier, openHot } from '../../src/tiers/hot/index.ts';
import {
  createHotState,
  type HotState,
  type HotStateSettings,
  type JsonValue,
} from '../../src/tiers/state/index.ts';
import { freshTier, type TestTier } from './durable.ts';
import { type Server, startRedis } from './servers.ts';

/** Nothing is flushed by itself during a test. */
export const NEVER: Partial<HotStateSettings> = { lagMs: 600_000, unconfirmedMs: 600_000 };
export const DAY_MS = 86_400_000;

/** What hot state is tested over: both drivers of both tiers. */
export const combinations = [
  { hot: 'Redis', durable: 'server' },
  { hot: 'in-process', durable: 'embedded' },
] as const;

export interface StoredState {
  key: string;
  value: JsonValue;
  deleted: boolean;
  version: bigint;
  expires_at: string | null;
}

/** Two tiers, what time it is, and a family of its own for each test. */
export class StateWorld {
  test!: TestTier;
  hot!: HotTier;
  nowMs = Date.now();
  family = 'none';
  #families = 0;
  readonly #open: HotState[] = [];

  /** Another process, over the same tiers. */
  handle(settings: Partial<HotStateSettings> = NEVER): HotState {
    const clock = (): Date => new Date(this.nowMs);
    const state = createHotState({ hot: this.hot, durable: this.test.durable, clock, settings });
    this.#open.push(state);
    return state;
  }

  /** The first process of a test. */
  fresh(settings?: Partial<HotStateSettings>): HotState {
    this.family = `test-${(this.#families += 1)}`;
    return this.handle(settings);
  }

  fullKey(key: string): string {
    return `${this.hot.prefix}state:${this.family}:${key}`;
  }

  /** Redis loses a key. */
  evict(key: string): Promise<void> {
    return this.hot.entries.drop([this.fullKey(key)]);
  }

  async stored(): Promise<StoredState[]> {
    const { rows } = await this.test.durable.query<StoredState>(
      'select key, value, deleted, version, expires_at from hot_state where family = $1 order by key',
      [this.family],
    );
    return rows;
  }

  async close(): Promise<void> {
    for (const state of this.#open) await state.close();
    await this.hot.close();
    await this.test.remove();
  }
}

/** Opens the tiers before the tests of a suite, and closes them after. */
export function stateWorld({ hot, durable }: (typeof combinations)[number]): StateWorld {
  const world = new StateWorld();
  let redis: Server | undefined;
  beforeAll(async () => {
    world.test = await freshTier(durable);
    redis = hot === 'Redis' ? await startRedis() : undefined;
    world.hot = await openHot({ redis: redis?.url });
  });
  afterAll(async () => {
    await world.close();
    await redis?.stop();
  });
  return world;
}
