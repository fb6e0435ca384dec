import { cacheFactory, type CacheFactoryRun } from '../../core/cache-diagnostics.ts';
import { isHotError } from '../hot/index.ts';
import type { Made, Turn } from './ground.ts';
import type { Mark } from './marks.ts';
import type { Namespace } from './namespace.ts';
import { checkOption, checkTags } from './policy.ts';
import type { Factory, FactoryContext } from './factories.ts';

/**
 * Runs a factory. What its value depends on is noted before: a tag that is dropped while it runs ends the value, since it may have
 * looked before.
 */
export async function runFactory<T>(
  space: Namespace<T>,
  factory: Factory<T>,
  turn: Turn,
  tags: readonly string[],
): Promise<Made> {
  const { marks, anyTag } = await marksBefore(space, tags);
  turn.signal.throwIfAborted();
  const late: string[] = [];
  let ttlMs: number | undefined;
  const context: FactoryContext<T> = {
    key: turn.key,
    signal: turn.signal,
    stale: turn.stale === undefined ? undefined : await space.answer(turn.key, turn.stale),
    ttl(ms) {
      checkOption('ttlMs', ms);
      ttlMs = ms;
    },
    tags(...more) {
      checkTags(more);
      late.push(...more);
    },
  };
  const value = await abortable(factory(context), turn.signal);
  return { value, ttlMs, tags: late, marks, anyTag };
}

/** One run of what a user gave, for one key or for many: counted, traced, and not waited for after the signal. */
export async function counted<V, T>(
  space: Namespace<T>,
  { keys, reason, signal }: Pick<CacheFactoryRun, 'keys' | 'reason'> & { readonly signal: AbortSignal },
  work: () => Promise<V> | V,
): Promise<V> {
  const { counts } = space;
  const since = performance.now();
  counts.factoryRuns += 1;
  try {
    const run = { namespace: space.name, keys, reason };
    return await cacheFactory.tracePromise(async () => abortable(work(), signal), run);
  } catch (error) {
    counts.factoryFailures += 1;
    throw error;
  } finally {
    counts.factoryMs += performance.now() - since;
  }
}

async function marksBefore<T>(
  { marks }: Namespace<T>,
  tags: readonly string[],
): Promise<{ marks: Mark[] | undefined; anyTag: string | undefined }> {
  const keys = [marks.anyTag, marks.all, ...new Set(tags.map((tag) => marks.keyOf(tag)))];
  try {
    const [any, ...rest] = marks.known(keys) ?? (await marks.ensure(keys));
    return { marks: rest, anyTag: any?.version };
  } catch (error) {
    if (!isHotError(error)) throw error;
    return { marks: undefined, anyTag: undefined };
  }
}

/** A factory that does not look at its signal is not waited for after it. */
async function abortable<T>(value: Promise<T> | T, signal: AbortSignal): Promise<T> {
  if (!isThenable(value)) return value;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

function isThenable<T>(value: Promise<T> | T): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
