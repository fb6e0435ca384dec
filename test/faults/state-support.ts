import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../../src/testing/index.ts';
import { type DurableTier, migrate } from '../../src/tiers/durable/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { type HotSettings, type HotTier, openHot } from '../../src/tiers/hot/index.ts';
import {
  createHotState,
  type HotState,
  type HotStateSettings,
  type JsonValue,
} from '../../src/tiers/state/index.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { kill } from '../support/signals.ts';

/** Nothing is flushed by itself, nor compared without a reason. */
export const NEVER: Partial<HotStateSettings> = {
  lagMs: 600_000,
  unconfirmedMs: 600_000,
  closeMs: 20_000,
};
/** A Redis that is away is noticed soon, and one that is back. */
export const fast: Partial<HotSettings> = {
  timeoutMs: 200,
  slowMs: 100,
  reconnectMaxMs: 50,
  breakerMinMs: 50,
  breakerMaxMs: 50,
};
export const FAMILY = 'fault';

export interface Handle extends HotState {
  readonly hot: HotTier;
}

/** A PostgreSQL for all tests of a file, and a Redis for each. */
export class FaultWorld {
  database!: TestDatabase;
  durable!: DurableTier;
  redis!: Server;
  readonly #closers: (() => Promise<unknown>)[] = [];

  /** Before what it uses is closed, after the test. */
  onClose(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  async hotTier(url = this.redis.url): Promise<HotTier> {
    const hot = await openHot({ redis: url, settings: fast });
    this.onClose(() => hot.close());
    return hot;
  }

  /** Another process: a connection to Redis of its own. */
  async handle(
    settings: Partial<HotStateSettings> = NEVER,
    { url, durable = this.durable }: { url?: string; durable?: DurableTier } = {},
  ): Promise<Handle> {
    const hot = await this.hotTier(url);
    const state = createHotState({ hot, durable, settings });
    this.onClose(() => state.close());
    return Object.assign(state, { hot });
  }

  /** A process that ends during the test: whoever makes it closes it. */
  async mortal(url?: string, settings: Partial<HotStateSettings> = NEVER): Promise<HotState> {
    return createHotState({ hot: await this.hotTier(url), durable: this.durable, settings });
  }

  async proxyTo(url: string): Promise<{ proxy: TcpProxy; url: string }> {
    const target = new URL(url);
    const proxy = await startTcpProxy({ target: { host: target.hostname, port: Number(target.port) } });
    this.onClose(() => proxy.close());
    target.port = String(proxy.port);
    return { proxy, url: target.href };
  }

  /** A Redis that comes back where it was, with nothing in it. */
  async restartRedis(): Promise<void> {
    await kill(this.redis);
    this.redis = await startRedis([], { port: this.redis.port });
  }

  /** What PostgreSQL has and did not delete, by key. */
  async stored(): Promise<Record<string, JsonValue>> {
    const { rows } = await this.durable.query<{ key: string; value: JsonValue }>(
      'select key, value from hot_state where not deleted',
    );
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  }

  async begin(): Promise<void> {
    this.redis = await startRedis();
    await this.durable.query('truncate hot_state');
  }

  async end(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
    await this.redis.stop();
  }
}

export function faultWorld(): FaultWorld {
  const world = new FaultWorld();
  beforeAll(async () => {
    world.database = await freshDatabase();
    world.durable = await openServer({ url: world.database.url, schema: 'stockroom', poolMax: 4 });
    await migrate(world.durable);
  });
  afterAll(async () => {
    await world.durable.close();
    await world.database.drop();
  });
  beforeEach(() => world.begin());
  afterEach(() => world.end());
  return world;
}

export const up = (...handles: Handle[]): Promise<void> =>
  eventually(() => expect(handles.map(({ hot }) => hot.state().state)).toEqual(handles.map(() => 'up')));

export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 30_000, interval: 10 });
}

/** Keys and values that nobody takes for one another. */
export const numbered = (count: number, size = 1): [string, string][] =>
  Array.from({ length: count }, (_, at) => [String(at), `${at}:`.padEnd(size, 'x')]);
