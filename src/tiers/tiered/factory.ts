import { cacheFactory } from '../../core/cache-diagnostics.ts';
import { isHotError } from './hot-errors.ts';
import type { Made, Turn } from './ground.ts';
import type { Mark } from './marks.ts';
import type { Namespace } from './namespace.ts';
import { checkOption } from './policy.ts';
import type { Factory, FactoryContext } from './cache.ts';

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
  const late: string[] = [];
  let ttlMs: number | undefined;
  const context: FactoryContext<T> = {
    key: turn.key,
    signal: turn.signal,
    stale: turn.stale === undefined ? undefined : await space.answer(turn.stale),
    ttl(ms) {
      checkOption('ttlMs', ms);
      ttlMs = ms;
    },
    tags: (...more) => void late.push(...more),
  };
  const run = { namespace: space.name, keys: 1, reason: turn.reason };
  const value = await cacheFactory.tracePromise(async () => abortable(factory(context), turn.signal), run);
  return { value, ttlMs, tags: late, marks, anyTag };
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
  if (!(value instanceof Promise)) return value;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
