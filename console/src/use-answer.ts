import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.ts';

export type Answer<T> =
  | { state: 'loading' }
  | { state: 'failed'; error: ApiError }
  | { state: 'ready'; value: T };

/**
 * Asks, and asks again every `everyMs` while the page is seen. Between two answers the last one stays, so that nothing
 * flickers.
 */
export function useAnswer<T>(
  get: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
): { answer: Answer<T>; again: () => void } {
  const [answer, setAnswer] = useState<Answer<T>>({ state: 'loading' });
  const [asked, setAsked] = useState(0);
  const again = useCallback(() => setAsked((times) => times + 1), []);

  useEffect(() => {
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const value = await get(abort.signal);
        setAnswer({ state: 'ready', value });
      } catch (error) {
        if (abort.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, 'PAGE_FAILED', String(error));
        setAnswer({ state: 'failed', error: known });
      }
    };
    void ask();
    const timer = setInterval(() => {
      if (!document.hidden) void ask();
    }, everyMs);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [get, everyMs, asked]);

  return { answer, again };
}
