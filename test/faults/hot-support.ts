import { setTimeout as delay } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { cacheActivity } from '../../src/core/cache-diagnostics.ts';
import { createRandom } from '../../src/legacy/sample/random.ts';
import { openHot, type HotTier, type OpenHotOptions } from '../../src/tiers/hot/index.ts';
import {
  type Cache,
  type CacheManager,
  createCache,
  type NamespaceOptions,
} from '../../src/tiers/tiered/index.ts';
import { askRedis } from '../support/redis-commands.ts';
import { type Call, type Figures, History } from './hot-history.ts';

/** What is kept: a version of a key. Versions of a key rise. */
export interface Value {
  readonly key: string;
  readonly version: number;
  readonly pad?: string;
}

/** How long it may take until all is well again: the longest pause between two tries is 1 s, a connection may take 2 s. */
export const RECOVERY_MS = 20_000;
export const LONG = process.env['STOCKROOM_TEST_LONG'] === '1';

export interface Member {
  readonly index: number;
  readonly hot: HotTier;
  readonly manager: CacheManager;
  readonly cache: Cache<Value>;
}

export interface FleetOptions {
  /** Where each of them finds Redis. */
  readonly redis: readonly OpenHotOptions['redis'][];
  readonly keys: number;
  readonly hot?: Omit<OpenHotOptions, 'redis' | 'keyPrefix'>;
  readonly namespace?: NamespaceOptions<Value>;
  readonly padBytes?: number;
  /** Of all keys, instead of one of its own. */
  readonly prefix?: string;
}

const HARD_TIMEOUT_MS = 2_000;
/** How long a factory may take. */
const FACTORY_MAX_MS = 4;
/** Of one call for many. */
const MANY = 5;
let fleets = 0;

/** Several caches of the same things, each as another process would have it, and a record of every call. */
export class Fleet {
  readonly keys: readonly string[];
  /** What a factory finds. */
  readonly truth: Map<string, number>;
  readonly history = new History();
  readonly prefix: string;
  readonly name: string;
  members: readonly Member[] = [];
  l1Hits = 0;
  readonly #options: FleetOptions;
  readonly #unsubscribe: () => void;

  static async open(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    fleet.members = await Promise.all(options.redis.map((redis, index) => fleet.join(redis, index)));
    return fleet;
  }

  private constructor(options: FleetOptions) {
    fleets += 1;
    this.prefix = options.prefix ?? `faults-${process.pid}-${fleets}:`;
    this.name = `fleet-${fleets}`;
    this.#options = options;
    this.keys = Array.from({ length: options.keys }, (_, at) => `k${at}`);
    this.truth = this.history.truth;
    this.#unsubscribe = cacheActivity.subscribe(({ namespace, counts }) => {
      if (namespace === this.name) this.l1Hits += counts.l1Hits;
    });
  }

  async join(
    redis: OpenHotOptions['redis'],
    index: number,
    more: NamespaceOptions<Value> = {},
  ): Promise<Member> {
    const hot = await openHot({ ...this.#options.hot, redis, keyPrefix: this.prefix });
    const manager = createCache(hot);
    const options = { hardTimeoutMs: HARD_TIMEOUT_MS, ...this.#options.namespace, ...more };
    return { index, hot, manager, cache: manager.namespace<Value>(this.name, options) };
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.history.close();
    await Promise.all(this.members.map(leave));
  }

  get heartbeatMs(): number {
    return this.members[0]!.hot.coherence.heartbeatMs;
  }

  value(key: string, version: number): Value {
    const { padBytes } = this.#options;
    return padBytes === undefined ? { key, version } : { key, version, pad: 'x'.repeat(padBytes) };
  }

  /** Who writes the key: one alone, so that versions rise in the order of the writes. */
  writerOf(at: number): Member {
    return this.members[at % this.members.length]!;
  }

  get(member: Member, key: string): Promise<Call> {
    return this.#one('get', member, key, async () => this.#versionOf(key, await member.cache.get(key)));
  }

  getOrSet(member: Member, key: string): Promise<Call> {
    const factory = async (): Promise<Value> => (await this.#made([key])).get(key)!;
    return this.#one('getOrSet', member, key, async () =>
      this.#versionOf(key, await member.cache.getOrSet(key, factory)),
    );
  }

  getMany(member: Member, keys: readonly string[]): Promise<Call[]> {
    return this.history.record('get', member.index, keys, async () => {
      const found = await member.cache.getMany(keys);
      return { versions: keys.map((key) => this.#versionOf(key, found.get(key))) };
    });
  }

  getOrSetMany(member: Member, keys: readonly string[]): Promise<Call[]> {
    return this.history.record('getOrSet', member.index, keys, async () => {
      const found = await member.cache.getOrSetMany(keys, (wanted) => this.#made(wanted.keys));
      return { versions: keys.map((key) => this.#versionOf(key, found.get(key))) };
    });
  }

  async set(member: Member, key: string): Promise<Call> {
    const version = (this.truth.get(key) ?? 0) + 1;
    this.truth.set(key, version);
    const [call] = await this.history.record('set', member.index, [key], async () => {
      const acknowledged = await member.cache.set(key, this.value(key, version));
      return { versions: [version], acknowledged };
    });
    return call!;
  }

  async delete(member: Member, key: string): Promise<Call> {
    const [call] = await this.history.record('delete', member.index, [key], async () => {
      return { versions: [], acknowledged: await member.cache.delete(key) };
    });
    return call!;
  }

  /** What a factory gives: what was true when it began. */
  async #made(keys: readonly string[]): Promise<Map<string, Value>> {
    const values = keys.map((key) => [key, this.value(key, this.truth.get(key) ?? 0)] as const);
    await delay(Math.random() * FACTORY_MAX_MS);
    return new Map(values);
  }

  #versionOf(key: string, value: Value | undefined): number | undefined {
    if (value !== undefined && value.key !== key) throw new Error(`${key} was answered with ${value.key}`);
    return value?.version;
  }

  async #one(
    operation: 'get' | 'getOrSet',
    member: Member,
    key: string,
    read: () => Promise<number | undefined>,
  ): Promise<Call> {
    const work = async () => ({ versions: [await read()] });
    const [call] = await this.history.record(operation, member.index, [key], work);
    return call!;
  }

  /** @throws when a rule was broken; see there */
  verify(): Figures {
    const { timeoutMs } = this.members[0]!.hot;
    const hardTimeoutMs = this.#options.namespace?.hardTimeoutMs ?? HARD_TIMEOUT_MS;
    return this.history.verify({ timeoutMs, hardTimeoutMs, heartbeatMs: this.heartbeatMs });
  }

  /** Every key through every cache. */
  async readAll(): Promise<Call[]> {
    const calls: Call[] = [];
    for (const member of this.members)
      for (const keys of chunksOf(this.keys, 200))
        calls.push(...(await Promise.all(keys.map((key) => this.getOrSet(member, key)))));
    return calls;
  }

  /**
   * Waits until all is as if nothing had been: every cache is connected and trusts its copies, all give the newest version,
   * Redis has the same, and what is asked again is answered out of the process. @returns how long that took
   */
  async recovered(redis: OpenHotOptions['redis']): Promise<number> {
    const start = performance.now();
    const witness = await this.join(redis, -1, { l1MaxEntries: 0 });
    try {
      const until = { timeout: RECOVERY_MS, interval: 50 };
      await vi.waitFor(async () => {
        for (const { hot } of this.members) {
          expect(hot.state()).toMatchObject({ state: 'up', breaker: 'closed' });
          expect(hot.coherence.trustedUntil).toBeGreaterThan(performance.now());
        }
        const wrong = (await this.readAll()).filter(({ key, version }) => version !== this.truth.get(key));
        expect(wrong.slice(0, 3), `${wrong.length} are not the newest`).toEqual([]);
        const inRedis = await Promise.all(this.keys.map((key) => witness.cache.get(key)));
        expect(inRedis.map((value) => value?.version)).toEqual(this.keys.map((key) => this.truth.get(key)));
      }, until);
      const took = performance.now() - start;
      await this.hitsAgain();
      return took;
    } finally {
      await leave(witness);
    }
  }

  async hitsAgain(): Promise<void> {
    await vi.waitFor(
      async () => {
        const before = this.l1Hits;
        await this.readAll();
        await this.readAll();
        await vi.waitFor(
          () => expect(this.l1Hits - before).toBeGreaterThanOrEqual(this.keys.length * this.members.length),
          { timeout: 3_000, interval: 50 },
        );
      },
      { timeout: RECOVERY_MS, interval: 50 },
    );
  }
}

export async function leave({ manager, hot }: Member): Promise<void> {
  await manager.close();
  await hot.close();
}

export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}

/** Reads and writes through all caches without a pause, until stopped; what was on its way is waited for. */
export function startLoad(
  fleet: Fleet,
  { deletes = 0.03, writers = 3, readers = 4 } = {},
): () => Promise<void> {
  const random = createRandom(1, fleet.prefix);
  const ending = new AbortController();
  const loop = async (step: () => Promise<unknown>): Promise<void> => {
    while (!ending.signal.aborted) {
      await step();
      await delay(1);
    }
  };
  const pick = (keys: readonly string[]): string => keys[Math.floor(random.next() * keys.length)]!;
  const loops: Promise<void>[] = [];
  for (const member of fleet.members) {
    const own = fleet.keys.filter((_, at) => fleet.writerOf(at) === member);
    for (const keys of chunksOf(own, Math.ceil(own.length / writers)))
      loops.push(
        loop(async () => {
          const key = pick(keys);
          await (random.next() < deletes ? fleet.delete(member, key) : fleet.set(member, key));
        }),
      );
    for (let reader = 0; reader < readers; reader += 1)
      loops.push(
        loop((): Promise<unknown> => {
          const way = random.next();
          if (way < 0.4) return fleet.get(member, pick(fleet.keys));
          if (way < 0.8) return fleet.getOrSet(member, pick(fleet.keys));
          const keys = [...new Set(Array.from({ length: MANY }, () => pick(fleet.keys)))];
          return way < 0.9 ? fleet.getMany(member, keys) : fleet.getOrSetMany(member, keys);
        }),
      );
  }
  return async () => {
    ending.abort();
    await Promise.all(loops);
  };
}

/** The ids of the connections of this process, as the server lists them. */
export async function connectionsAt(port: number): Promise<string[]> {
  const list = await askRedis<string>(port, 'CLIENT', 'LIST');
  const ours = list.split('\n').filter((line) => line.includes(` name=stockroom-${process.pid} `));
  return ours.map((line) => /^id=(\d+)/.exec(line)![1]!);
}
