import { z } from 'zod';
import { parseIsoTime } from './iso-time.ts';

/** A place in a list: the next page starts after it. Its form on the wire is opaque, so that it can change. */
export type Position = readonly [time: string, id: bigint];

export interface Page<T> {
  readonly items: T[];
  /** Absent from the last page. */
  readonly next_cursor: string | null;
}

const MAX_BIGINT = 2n ** 63n - 1n;
const CURSOR_MAX_LENGTH = 200;

function decodeJson(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    // Not ours: the caller is told so, with the value that was found.
    return undefined;
  }
}

export function encodeCursor([time, id]: Position): string {
  return Buffer.from(JSON.stringify([time, String(id)])).toString('base64url');
}

/** @returns undefined when the text is no cursor that `encodeCursor` gave */
export function decodeCursor(cursor: string): Position | undefined {
  if (cursor.length > CURSOR_MAX_LENGTH) return undefined;
  const parts = z.tuple([z.string(), z.string().regex(/^\d{1,19}$/)]).safeParse(decodeJson(cursor));
  if (!parts.success) return undefined;
  const [time, id] = parts.data;
  if (parseIsoTime(time) !== time || BigInt(id) > MAX_BIGINT) return undefined;
  return [time, BigInt(id)];
}

/**
 * A page out of the rows of a query that asked for one row more than the page holds: the extra row says that there is
 * a next page without counting what is left.
 */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  position: (row: R) => Position,
  item: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items: shown.map(item), next_cursor: more ? encodeCursor(position(last)) : null };
}
