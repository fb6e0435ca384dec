import { StockroomError } from '../core/errors.ts';
import { pause } from '../core/wait.ts';
import type { HotTier } from '../tiers/hot/index.ts';
import { mulberry32, SEED_MAX } from './seeded.ts';
import { checkedWhole } from './tcp-proxy.ts';

type Own =
  | 'kind'
  | 'topology'
  | 'location'
  | 'prefix'
  | 'timeoutMs'
  | 'scan'
  | 'look'
  | 'ping'
  | 'info'
  | 'servers'
  | 'state'
  | 'close';
type Facet = Exclude<keyof HotTier, Own | 'coherence'>;

/** A facet that is missing here does not compile. */
const facetTable: Readonly<Record<Facet, true>> = {
  entries: true,
  projections: true,
  rankings: true,
  sessions: true,
  states: true,
  leases: true,
  quotas: true,
  statistics: true,
};
const facetNames = Object.keys(facetTable) as Facet[];

/** The facets of a hot tier that do calls; `tier` stands for its own `scan`, `look`, `ping` and `info`. */
export type FaultyFacet = Facet | 'tier';

/** One call, before it is done. */
export interface FaultyCall {
  readonly facet: FaultyFacet;
  readonly method: string;
  readonly args: readonly unknown[];
  /** From 1 on, over all facets. */
  readonly number: number;
}

/** What goes wrong with a call. */
export type TierFault =
  /** It is sent, or its answer comes, so much later: no longer than the tier's `timeoutMs`. */
  | { readonly kind: 'delay'; readonly ms: number; readonly of: 'call' | 'answer' }
  /** It is not sent. */
  | { readonly kind: 'refuse'; readonly code: 'HOT_UNAVAILABLE' | 'HOT_TIMEOUT' }
  /** It is carried out, and rejects with HOT_TIMEOUT as if nobody knew: the ambiguous write. */
  | { readonly kind: 'lose-answer' };

/** Decides for each call; undefined: nothing goes wrong. */
export type TierFaults = (call: FaultyCall) => TierFault | undefined;

/**
 * A hot tier whose calls go wrong as they do when Redis is slow, away or lost in the middle of a call. What its port promises
 * holds all the same: errors are its errors, `writeMany` tells of each write, nothing happens after a later call about the same
 * key was answered. The stream of invalidations is left alone. Closing it closes the tier.
 */
export function faultyTier(hot: HotTier, faults: TierFaults): HotTier {
  let calls = 0;
  const wrapped = (facet: FaultyFacet, target: object) => (method: string, work: Work) =>
    function (...args: unknown[]): Promise<unknown> {
      calls += 1;
      const fault = faults({ facet, method, args, number: calls });
      return faulty(hot, fault, method, args, () => Reflect.apply(work, target, args) as Promise<unknown>);
    };
  const facets = new Map<string | symbol, object>();
  for (const name of facetNames) {
    const target = hot[name];
    const wrap = wrapped(name, target);
    facets.set(name, new Proxy(target, { get: (_, method) => member(target, method, wrap) }));
  }
  const wrap = wrapped('tier', hot);
  return new Proxy(hot, {
    get(_, name) {
      const asked = name === 'scan' || name === 'look' || name === 'ping' || name === 'info';
      return facets.get(name) ?? member(hot, name, asked ? wrap : undefined);
    },
  });
}

type Work = (...args: unknown[]) => unknown;

/** Methods are bound to what they belong to: drivers have private fields. */
function member(
  target: object,
  name: string | symbol,
  wrap: ((method: string, work: Work) => Work) | undefined,
): unknown {
  const value: unknown = Reflect.get(target, name, target);
  if (typeof value !== 'function') return value;
  const work = value as Work;
  return wrap === undefined ? work.bind(target) : wrap(String(name), work);
}

async function faulty(
  hot: HotTier,
  fault: TierFault | undefined,
  method: string,
  args: readonly unknown[],
  work: () => Promise<unknown>,
): Promise<unknown> {
  if (fault === undefined) return work();
  if (fault.kind === 'delay') {
    const ms = checkedWhole('ms of a delay', fault.ms, 0, hot.timeoutMs);
    if (fault.of === 'call') await pause(ms);
    const answer = await work();
    if (fault.of === 'answer') await pause(ms);
    return answer;
  }
  if (fault.kind === 'lose-answer') await work();
  // It tells of each write by itself, and never rejects for one.
  if (method === 'writeMany') return (args[0] as readonly unknown[]).map(() => false);
  const code = fault.kind === 'refuse' ? fault.code : 'HOT_TIMEOUT';
  const what = code === 'HOT_TIMEOUT' ? 'no answer' : 'not connected';
  throw new StockroomError(code, `Redis at ${hot.location}: ${what} (a fault of faultyTier)`, {
    details: { location: hot.location },
  });
}

export interface SeededTierFaultsOptions {
  /** The same seed gives the same faults to the same calls: a whole number from 0 to 2^32 - 1. */
  readonly seed: number;
  /** The part of calls that go wrong, from 0 to 1. */
  readonly share: number;
  /** Those whose calls do; all when left out. */
  readonly facets?: readonly FaultyFacet[];
  /** The longest delay, in whole milliseconds; 20 by default. */
  readonly delayMaxMs?: number;
}

const DELAY_DEFAULT_MS = 20;

/** A random schedule: each kind of fault as often as the others. @throws StockroomError INVALID_INPUT */
export function seededTierFaults(options: SeededTierFaultsOptions): TierFaults {
  const { seed, share, facets = [...facetNames, 'tier'], delayMaxMs = DELAY_DEFAULT_MS } = options;
  checkedWhole('seed', seed, 0, SEED_MAX);
  checkedWhole('delayMaxMs', delayMaxMs, 0, Number.MAX_SAFE_INTEGER);
  if (!(share >= 0 && share <= 1)) {
    throw new StockroomError('INVALID_INPUT', `share is ${share}: expected a number from 0 to 1`);
  }
  const random = mulberry32(seed);
  return ({ facet }) => {
    // The same number of draws for every call, so that all that follows stays the same.
    const [hit, kind, strength] = [random(), random(), random()];
    if (hit >= share || !facets.includes(facet)) return undefined;
    const ms = Math.floor(strength * (delayMaxMs + 1));
    const kinds: readonly TierFault[] = [
      { kind: 'delay', ms, of: 'call' },
      { kind: 'delay', ms, of: 'answer' },
      { kind: 'refuse', code: 'HOT_UNAVAILABLE' },
      { kind: 'refuse', code: 'HOT_TIMEOUT' },
      { kind: 'lose-answer' },
    ];
    return kinds[Math.floor(kind * kinds.length)];
  };
}
