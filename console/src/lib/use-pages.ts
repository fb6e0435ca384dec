import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, apiErrorOf, ask } from './api.ts';

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Pages<T> {
  items: T[];
  loading: boolean;
  error: ApiError | undefined;
  /** Absent at the end of the list. */
  more: (() => void) | undefined;
  again: () => void;
}

interface Shown<T> {
  path: string;
  items: T[];
  next: string | null;
  error: ApiError | undefined;
  loading: boolean;
}

/** A list with cursors, a page at a time; what was read stays when the next page fails. */
export function usePages<T>(path: string): Pages<T> {
  const nothing: Shown<T> = { path, items: [], next: null, error: undefined, loading: true };
  const [held, setShown] = useState<Shown<T>>(nothing);
  const wanted = useRef(path);
  const read = useCallback(async (from: Shown<T>): Promise<void> => {
    setShown({ ...from, loading: true, error: undefined });
    const page = await following(from);
    // Another list was asked for meanwhile: its answer is the one to show.
    if (wanted.current === from.path) setShown(page);
  }, []);
  useEffect(() => {
    wanted.current = path;
    void read({ path, items: [], next: null, error: undefined, loading: true });
  }, [path, read]);
  const shown = held.path === path ? held : nothing;
  return {
    items: shown.items,
    loading: shown.loading,
    error: shown.error,
    more: shown.next === null || shown.loading ? undefined : () => void read(shown),
    again: () => void read(shown),
  };
}

async function following<T>(from: Shown<T>): Promise<Shown<T>> {
  const { path, items, next } = from;
  const cursor = next === null ? '' : `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next)}`;
  try {
    const page = await ask<Page<T>>(`${path}${cursor}`);
    return {
      path,
      items: [...items, ...page.items],
      next: page.next_cursor,
      error: undefined,
      loading: false,
    };
  } catch (error) {
    return { ...from, error: apiErrorOf(error), loading: false };
  }
}
