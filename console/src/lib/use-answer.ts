import { useCallback, useEffect, useState } from 'preact/hooks';
import { type ApiError, apiErrorOf, ask } from './api.ts';

/** What a path answered. A value with an error is an older one: it stays on the page while the service is away. */
export interface Answer<T> {
  loading: boolean;
  value: T | undefined;
  error: ApiError | undefined;
  /** When the value came, in milliseconds. */
  at: number | undefined;
  again: () => void;
}

/** The last answers of paths, so that a page that is opened again has something to show at once. */
const kept = new Map<string, { value: unknown; at: number }>();
const KEPT_MAX = 60;

function keep(path: string, value: unknown): number {
  const at = Date.now();
  kept.delete(path);
  kept.set(path, { value, at });
  const oldest = kept.keys().next();
  if (kept.size > KEPT_MAX && oldest.done !== true) kept.delete(oldest.value);
  return at;
}

/** Another key may see other things. */
export function forgetAnswers(): void {
  kept.clear();
}

interface Held<T> {
  path: string | undefined;
  value: T | undefined;
  error: ApiError | undefined;
  at: number | undefined;
}

function before<T>(path: string | undefined): Held<T> {
  const known = path === undefined ? undefined : kept.get(path);
  return { path, value: known?.value as T | undefined, error: undefined, at: known?.at };
}

/**
 * Asks for a path, and asks again every `everyMs` while the page is seen. Another path ends what was asked before; no path
 * asks nothing.
 */
export function useAnswer<T>(path: string | undefined, everyMs?: number): Answer<T> {
  const [held, setHeld] = useState<Held<T>>(() => before(path));
  const [asked, setAsked] = useState(0);
  const again = useCallback(() => setAsked((times) => times + 1), []);

  useEffect(() => {
    setHeld((last) => (last.path === path ? last : before(path)));
    if (path === undefined) return;
    const abort = new AbortController();
    const askNow = async (): Promise<void> => {
      try {
        const value = await ask<T>(path, { signal: abort.signal });
        const at = keep(path, value);
        setHeld({ path, value, error: undefined, at });
      } catch (error) {
        if (abort.signal.aborted) return;
        setHeld((last) => ({ ...last, path, error: apiErrorOf(error) }));
      }
    };
    void askNow();
    const timer =
      everyMs === undefined
        ? undefined
        : setInterval(() => {
            if (!document.hidden) void askNow();
          }, everyMs);
    // Whoever comes back to the tab sees what is, not what was when it was left.
    const onSeen = (): void => {
      if (everyMs !== undefined && !document.hidden) void askNow();
    };
    document.addEventListener('visibilitychange', onSeen);
    return () => {
      document.removeEventListener('visibilitychange', onSeen);
      clearInterval(timer);
      abort.abort();
    };
  }, [path, everyMs, asked]);

  // Between a new path and its effect the old answer is still held: it is not the answer to this path.
  const { value, error, at } = held.path === path ? held : before<T>(path);
  return {
    loading: path !== undefined && value === undefined && error === undefined,
    value,
    error,
    at,
    again,
  };
}
