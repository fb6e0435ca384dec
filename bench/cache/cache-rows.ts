import { setTimeout as pause } from 'node:timers/promises';
import { bareGet, bareLru, bareSet } from './bare.ts';
import type { Cache, Contender, Setup } from './contender.ts';
import type { Entry, Runner } from './measure.ts';
import { ours } from './ours.ts';
import { peers } from './peers.ts';
import { keysOf, type Score, scoreOf } from './score.ts';
import type { Ground, SpeedRow } from './speed-row.ts';

export const contenders: readonly Contender[] = [ours, ...peers];
/** Those that differ in how processes agree: the variants of a peer do not. */
export const distinct = contenders.filter(({ role }) => role !== 'variant');

const KEYS = 1_000;
/** Read in turn by a cache that keeps a twentieth of them in the process: whatever is asked for is in Redis only. */
const KEYS_BEYOND = 20_000;
const L1_ENTRIES = 10_000;
const L1_ENTRIES_BEYOND = 1_000;
const IN_FLIGHT = 64;
const BATCH = 100;
/** Whoever is not a contender has the keys of this owner. */
const BARE = 99;
/** Writes that nobody waits for have arrived by then. */
const UNACKNOWLEDGED_MS = 500;

const scores = Array.from({ length: KEYS }, (_, n) => scoreOf(n));

type Operation = (cache: Cache, keys: readonly string[]) => Pick<Runner, 'op' | 'expected'>;

interface Field {
  readonly setup: Setup;
  readonly keys: number;
  readonly operation: Operation;
}

/** One entry for each contender: opened with its keys in Redis, and in the process where there is room. */
function entries({ setup, keys: count, operation }: Field): Entry[] {
  const blocking = contenders.filter(({ acknowledged }) => acknowledged);
  return (setup.url === undefined ? blocking : contenders).map((contender, owner) => ({
    name: contender.name,
    role: contender.role,
    unacknowledged: !contender.acknowledged,
    open: async () => {
      const cache = await contender.open(setup);
      const keys = keysOf(owner, count);
      await fill(cache, keys);
      if (!contender.acknowledged) await pause(UNACKNOWLEDGED_MS);
      return { ...operation(cache, keys), firstError: cache.firstError, close: () => cache.close() };
    },
  }));
}

async function fill(cache: Cache, keys: readonly string[]): Promise<void> {
  for (let from = 0; from < keys.length; from += KEYS) {
    const some = keys.slice(from, from + KEYS);
    await Promise.all(some.map((key, n) => cache.set(key, scoreOf(from + n))));
  }
}

const get: Operation = (cache, keys) => ({
  op: (n) => cache.get(keys[n % keys.length]!),
  expected: (n) => scoreOf(n % keys.length),
});

const neverMade = (): Promise<Score> => Promise.reject(new Error('the factory was called for what is there'));

const getOrSet: Operation = (cache, keys) => ({
  op: (n) => cache.getOrSet(keys[n % keys.length]!, neverMade),
  expected: (n) => scoreOf(n % keys.length),
});

const set: Operation = (cache, keys) => ({
  op: (n) => cache.set(keys[n % keys.length]!, scores[n % KEYS]!),
});

/** Many keys that nobody has: in one call, or in as many calls at once. */
function batch(together: boolean): Operation {
  return (cache, [first]) => ({
    op: (n) => {
      const keys = Array.from({ length: BATCH }, (_, k) => `${first}-${n}-${k}`);
      if (together && cache.getOrSetMany !== undefined)
        return cache.getOrSetMany(keys, (missing) => new Map(missing.map((key, k) => [key, scores[k]!])));
      return Promise.all(keys.map((key, k) => cache.getOrSet(key, async () => scores[k]!)));
    },
  });
}

function batchEntries(setup: Setup): Entry[] {
  const all = entries({ setup, keys: 1, operation: batch(true) });
  const [single] = entries({ setup, keys: 1, operation: batch(false) });
  const name = 'stockroom, 100 × getOrSet at once';
  return [...all, { ...single!, name, role: 'reference' }];
}

const tiered = ({ url }: Ground, l1Entries = L1_ENTRIES): Setup => ({ url, l1Entries, agree: false });
const inProcess: Setup = { url: undefined, l1Entries: L1_ENTRIES, agree: false };
const bareKeys = keysOf(BARE, KEYS);
const notSlower = [{ than: 'best peer', times: 1 }] as const;

/** The aims are those of the project's table of peers; a row that has none there must not be slower than a peer. */
export const cacheRows: readonly SpeedRow[] = [
  {
    id: '1',
    title: 'memory only: getOrSet, a hit, 1,000 keys in turn',
    inFlight: 1,
    aims: [{ than: 'best peer', times: 10 }],
    entries: () => [
      ...entries({ setup: inProcess, keys: KEYS, operation: getOrSet }),
      bareLru(bareKeys, false),
      bareLru(bareKeys, true),
    ],
  },
  {
    id: '2',
    title: 'two tiers: getOrSet, a hit in the process, 1,000 keys in turn, one at a time',
    inFlight: 1,
    aims: [{ than: 'best peer', times: 10 }],
    entries: (ground) => entries({ setup: tiered(ground), keys: KEYS, operation: getOrSet }),
  },
  {
    id: '3',
    title: 'two tiers: get, a hit in the process, one key, one at a time',
    inFlight: 1,
    aims: [{ than: 'best peer', times: 5 }],
    entries: (ground) => entries({ setup: tiered(ground), keys: 1, operation: get }),
  },
  {
    id: '4',
    title: 'two tiers: get, a hit in the process, 1,000 keys in turn, one at a time',
    inFlight: 1,
    aims: [{ than: 'best peer', times: 5 }],
    entries: (ground) => entries({ setup: tiered(ground), keys: KEYS, operation: get }),
  },
  {
    id: '5',
    title: 'two tiers: set, one at a time',
    inFlight: 1,
    aims: [{ than: 'limit', times: 1 }, ...notSlower],
    entries: (ground) => [
      ...entries({ setup: tiered(ground), keys: KEYS, operation: set }),
      ...bareSet({ url: ground.url, keys: bareKeys }),
    ],
  },
  {
    id: '6',
    title: 'two tiers: set, 64 in flight',
    inFlight: IN_FLIGHT,
    aims: [{ than: 'best peer', times: 5 }],
    entries: (ground) => [
      ...entries({ setup: tiered(ground), keys: KEYS, operation: set }),
      ...bareSet({ url: ground.url, keys: bareKeys }),
    ],
  },
  {
    id: '7',
    title: 'two tiers: get, in Redis and not in the process, 64 in flight',
    inFlight: IN_FLIGHT,
    aims: notSlower,
    entries: (ground) => [
      ...entries({ setup: tiered(ground, L1_ENTRIES_BEYOND), keys: KEYS_BEYOND, operation: get }),
      bareGet({ url: ground.url, keys: keysOf(BARE, KEYS_BEYOND) }),
    ],
  },
  {
    id: '7b',
    title: 'two tiers: getOrSet, in Redis and not in the process, 64 in flight',
    inFlight: IN_FLIGHT,
    aims: notSlower,
    entries: (ground) => [
      ...entries({ setup: tiered(ground, L1_ENTRIES_BEYOND), keys: KEYS_BEYOND, operation: getOrSet }),
      bareGet({ url: ground.url, keys: keysOf(BARE, KEYS_BEYOND) }),
    ],
  },
  {
    id: '10',
    title: '100 missing keys: getOrSetMany (stockroom) beside 100 × getOrSet at once (the others), batches',
    inFlight: 1,
    aims: notSlower,
    entries: (ground) => batchEntries(tiered(ground)),
  },
];
