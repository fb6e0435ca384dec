import { useEffect, useState } from 'preact/hooks';
import { ApiError, ask } from './api.ts';

/** Looks at once: the page waits, and the service has other callers. */
const AT_ONCE = 4;

/** What is known of each of some things that have to be asked for one by one; `null` when it is gone meanwhile. */
export function useLooks<T>(
  names: readonly string[],
  pathOf: (name: string) => string,
): Map<string, T | null> {
  const [known, setKnown] = useState(() => new Map<string, T | null>());
  const all = names.join('\n');
  useEffect(() => {
    const abort = new AbortController();
    const waiting = names.filter((name) => !known.has(name));
    const work = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const found = await lookAt<T>(pathOf(name), abort.signal);
        if (abort.signal.aborted || found === undefined) return;
        setKnown((before) => new Map(before).set(name, found));
      }
    };
    for (let worker = 0; worker < AT_ONCE; worker += 1) void work();
    return () => abort.abort();
  }, [all]);
  return known;
}

/** @returns undefined when no answer is to be had, so that there is no use in asking on */
async function lookAt<T>(path: string, signal: AbortSignal): Promise<T | null | undefined> {
  try {
    return await ask<T>(path, { signal });
  } catch (error) {
    return error instanceof ApiError && error.status === 404 ? null : undefined;
  }
}
