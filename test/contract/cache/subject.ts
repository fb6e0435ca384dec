import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { ENTRY_FAMILY, type HotTier, keyPart } from '../../../src/tiers/hot/index.ts';
import { type Envelope, opened } from '../../../src/tiers/tiered/envelope.ts';
import {
  type Cache,
  type CacheManager,
  createCache,
  type NamespaceOptions,
} from '../../../src/tiers/tiered/index.ts';
import { caughtUp, eventually } from '../hot/subject.ts';

export { caughtUp, eventually, LONG_MS, shortLifeToEnd } from '../hot/subject.ts';

/** A hot tier on which the cache is tested. */
export interface CacheSubject {
  readonly name: string;
  /** A hot tier of its own, as another process would have it, over one store. Whoever opens it closes it. */
  open(): Promise<HotTier>;
  /** A program that does not use Stockroom. Absent where there is none, or nobody would notice it. */
  readonly outside?: {
    set(key: string, text: string): Promise<void>;
    delete(key: string): Promise<void>;
  };
}

/** What a process has. */
export interface Process {
  readonly hot: HotTier;
  readonly manager: CacheManager;
}

export async function startProcess(subject: CacheSubject): Promise<Process> {
  const hot = await subject.open();
  return { hot, manager: createCache(hot) };
}

export async function endProcess({ hot, manager }: Process): Promise<void> {
  await manager.close();
  await hot.close();
}

/** One namespace, as two processes have it. */
export interface Pair<T> {
  readonly name: string;
  readonly here: Cache<T>;
  readonly there: Cache<T>;
}

export interface Processes {
  readonly here: Process;
  readonly there: Process;
  /** A namespace that no other test has, in both. */
  readonly pair: <T = unknown>(options?: NamespaceOptions<T>) => Pair<T>;
}

/** Starts both before the tests of a suite, and ends them after. */
export function twoProcesses(subject: CacheSubject): () => Processes {
  let started: Processes | undefined;
  beforeAll(async () => {
    const [here, there] = [await startProcess(subject), await startProcess(subject)];
    started = {
      here,
      there,
      pair<T>(options?: NamespaceOptions<T>) {
        const name = freshName();
        return {
          name,
          here: here.manager.namespace(name, options),
          there: there.manager.namespace(name, options),
        };
      },
    };
  });
  afterAll(async () => {
    if (started === undefined) return;
    await endProcess(started.here);
    await endProcess(started.there);
  });
  return () => started!;
}

export function freshName(): string {
  return `test ${randomBytes(8).toString('hex')}`;
}

/** Under what name Redis has an entry. */
export function fullKey(hot: HotTier, name: string, key: string): string {
  return `${hot.prefix}${ENTRY_FAMILY}${keyPart(name)}:${keyPart(key)}`;
}

/** What stands in Redis, believed or not. */
export async function standing(hot: HotTier, name: string, key: string): Promise<Envelope | undefined> {
  const entry = await hot.entries.read(fullKey(hot, name, key));
  return entry?.kind === 'value' ? opened(entry.body) : undefined;
}

/** A promise that a test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  let settle: Pick<Deferred<T>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined); // Perhaps nobody waits for it.
  return { promise, ...settle! };
}

/** A factory that a test holds in its hands. */
export interface Held<T> {
  readonly factory: () => Promise<T>;
  /** Resolves when the factory runs. */
  readonly running: () => Promise<void>;
  readonly runs: () => number;
  readonly end: Deferred<T>;
}

export function held<T>(): Held<T> {
  const end = deferred<T>();
  let runs = 0;
  return {
    end,
    factory: () => {
      runs += 1;
      return end.promise;
    },
    runs: () => runs,
    running: () => eventually(() => expect(runs).toBeGreaterThan(0)),
  };
}

/** Counts how often some work runs, and how often at once. */
export function gauge<T>(work: () => Promise<T> | T) {
  const counts = { runs: 0, now: 0, most: 0 };
  const factory = async (): Promise<T> => {
    counts.runs += 1;
    counts.now += 1;
    counts.most = Math.max(counts.most, counts.now);
    try {
      await setImmediate();
      return await work();
    } finally {
      counts.now -= 1;
    }
  };
  return { counts, factory };
}

/** As many promises as wanted. */
export function times<T>(count: number, work: (at: number) => Promise<T>): Promise<T>[] {
  return Array.from({ length: count }, (_, at) => work(at));
}

/** Waits until the life of a value that was given a short one is over. */
export async function toExpire(cache: Cache<never> | Cache<unknown>, key: string): Promise<void> {
  await eventually(async () => expect(await cache.get(key)).toBeUndefined());
}

/** Waits until both have learnt of what was acknowledged before. */
export async function allCaughtUp({ here, there }: Processes): Promise<void> {
  await Promise.all([caughtUp(here.hot), caughtUp(there.hot)]);
}

/** A tier of which some calls are held up or go wrong. */
export function withEntries(hot: HotTier, changed: Partial<HotTier['entries']>): HotTier {
  return withParts(hot, { entries: withParts(hot.entries, changed) });
}

/** The same but for some parts. Methods stay bound to what they belong to: drivers have private fields. */
export function withParts<T extends object>(target: T, changed: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = name in changed ? Reflect.get(changed, name) : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
