import { messageOf, StockroomError } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { fileBackOf, writeFileBack } from '../back/index.ts';
import { tryLock, unlock } from '../run.ts';
import type { Timezones } from '../settings.ts';
import type { OwedRow } from './entries.ts';
import type { OldSide } from './old-side.ts';

/** What writing files of JSON needs to know. */
export interface DocumentsOptions {
  readonly side: OldSide;
  readonly prefix: string;
  readonly timezones: Timezones;
  readonly nowMicros: number;
}

/** Where a row that Stockroom made is to stand in the old files. @throws StockroomError SOURCE_NOT_WRITABLE, CONFLICT */
export function documentPlace(
  row: OwedRow,
  { side, prefix }: DocumentsOptions,
): NonNullable<OwedRow['place']> {
  const { source } = row.table;
  const back = fileBackOf(source);
  const place = back?.placeOf(row.tuple!, side.documents.get(source.id) ?? []);
  if (place === undefined || place.key === null) {
    throw new StockroomError('CONFLICT', `a new row of ${source.id} has no place in the old files`, {
      details: { source: source.id },
    });
  }
  const isFile = row.table.oldKey === '';
  return {
    unit: isFile ? prefix : prefix + place.path,
    key: isFile ? prefix + String(place.key) : place.key,
  };
}

/** Writes rows into their files, each file whole or not at all. @returns those that were refused */
export function writeDocuments(
  rows: readonly OwedRow[],
  { side, prefix, timezones, nowMicros }: DocumentsOptions,
): { row: OwedRow; reason: string }[] {
  const refused: { row: OwedRow; reason: string }[] = [];
  for (const source of new Set(rows.map(({ table }) => table.source))) {
    const own = rows.filter(({ table, place }) => table.source === source && place !== null);
    const changes = own.map(({ place, tuple, table }) => {
      const path = (table.oldKey === '' ? String(place!.key) : place!.unit).slice(prefix.length);
      return { key: table.oldKey === '' ? path : place!.key, tuple, path };
    });
    const context = { nowMicros, timezones: timezones.get(source.id) ?? new Map<string, string>() };
    const outcomes = writeFileBack({
      directory: side.directory,
      source,
      changes,
      context,
      existing: side.documents.get(source.id) ?? [],
    });
    outcomes.forEach(({ error }, index) => {
      if (error !== null) refused.push({ row: own[index]!, reason: messageOf(error) });
    });
  }
  return refused;
}

/**
 * Runs `work` as the only one that writes a store's files of JSON: they hold no token that could tell two writers apart.
 *
 * @returns null when somebody else does
 */
export async function asOnlyDocumentWriter<T>(
  tier: DurableTier,
  store: string,
  work: () => Promise<T>,
): Promise<T | null> {
  if (tier.kind === 'embedded') return work();
  return tier.session(async (session) => {
    const key = `stockroom documents ${tier.schema} ${store}`;
    if (!(await tryLock(session, key))) return null;
    try {
      return await work();
    } finally {
      // A connection that is lost has lost its locks.
      await unlock(session, key).catch(() => undefined);
    }
  });
}
