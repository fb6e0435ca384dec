import { basename, dirname } from 'node:path';
import type { FoundFile } from '../../legacy/walk.ts';
import { elements, members, readDocument, scalar, type Document } from '../../legacy/json-files/document.ts';
import type { Alteration, FileContext, Rejection, SourceRow } from '../source.ts';
import { defineSource, integer, json, key, time } from '../source.ts';
import { toMicros } from '../values/coerce.ts';
import { MICROS_PER_DAY, MICROS_PER_MINUTE, parseTime, timeText } from '../values/time.ts';

const HOUR = 60 * MICROS_PER_MINUTE;
/** How long an answer was kept, in hours, by interval; any other an hour. */
const HOURS: Readonly<Record<string, number>> = {
  '15m': 2,
  '30m': 4,
  '1h': 8,
  '60minute': 8,
  '1d': 24,
  day: 24,
};
const INDIA_OFFSET = 330 * MICROS_PER_MINUTE;
/** 15:30 in India, when the cash market closes. */
const CLOSE_OF_DAY = 15.5 * HOUR;

/** One row a file: what a provider answered for a symbol, an interval and a range of time. */
export const priceHistory = defineSource({
  id: 'price_history',
  store: 'price-history',
  table: 'price_history',
  identity: 'legacy_source',
  keepsExtra: false,
  files: { rowsPerFile: 'one', rows: (file, context) => [readPriceFile(file, context)] },
  columns: [
    key('symbol'),
    key('interval'),
    key('source'),
    time('from_date'),
    time('to_date', { ahead: true }),
    time('cached_at'),
    time('expires_at', { ahead: true }),
    integer('row_count', { required: true }),
    json('candles', { required: true }),
  ],
});

function readPriceFile(file: FoundFile, context: FileContext): SourceRow {
  const document = readDocument(file.absolute);
  const stem = basename(file.path).replace(/\.json$/, '');
  const named = /^(.*)_([^_]+)_[0-9a-f]{12}$/.exec(stem);
  const told = context.companions.get(`${dirname(file.path)}/${stem}`);
  const say = (name: string): string | null => {
    const value = scalar(told?.get(name));
    return value === null ? null : String(value);
  };
  const found = new Map(members(document.text) ?? []);
  const data = found.get('data') ?? '';
  const candles = elements(data);
  const rejected = candles === null ? notCandles(document) : withoutTime(found.get('columns'), candles);
  const interval = say('interval') ?? named?.[2] ?? null;
  const cachedAt = say('cached_at');
  const cached = instant(cachedAt, 'cached_at', context);
  const over = cached === null ? 0 : cached + (HOURS[interval ?? ''] ?? 1) * HOUR;
  const kept =
    over > context.nowMicros
      ? candles
      : (candles ?? []).filter((candle) => isClosed(candle, cached ?? context.nowMicros));
  const whole = kept === null || kept.length === candles?.length;
  const text = whole ? data : `[${kept.join(', ')}]`;
  const altered = alterations(document, whole ? null : data);
  return {
    key: file.path,
    values: [
      say('symbol') ?? named?.[1] ?? null,
      interval,
      say('source') ?? 'unknown',
      say('from_date'),
      say('to_date'),
      cachedAt,
      cached === null ? null : timeText(over),
      BigInt(kept?.length ?? 0),
      text,
    ],
    extra: null,
    expired: rejected === null && (candles?.length ?? 0) > 0 && kept?.length === 0,
    original: () => document.bytes,
    ...(rejected ? { rejected } : {}),
    ...(altered.length > 0 ? { altered } : {}),
  };
}

function alterations(document: Document, dropped: string | null): Alteration[] {
  const altered: Alteration[] = [];
  if (!document.valid) altered.push({ column: 'candles', bytes: document.bytes, reason: 'INVALID_UTF8' });
  else if (dropped !== null)
    altered.push({ column: 'candles', bytes: Buffer.from(dropped), reason: 'OPEN_SESSION' });
  return altered;
}

function instant(text: string | null, column: string, context: FileContext): number | null {
  const parsed = text === null ? null : parseTime(text);
  return parsed === null
    ? null
    : toMicros(text, 'UTC', context.timezones.get(column) ?? null, () => undefined);
}

function notCandles(document: Document): Rejection {
  return members(document.text) === null
    ? {
        reason: 'MALFORMED_FILE',
        column: null,
        detail: 'expected {data, row_count, columns}, found no JSON object',
      }
    : { reason: 'MALFORMED_FILE', column: 'data', detail: 'expected a list of candles in data' };
}

/** Candles that nobody can place in time: the old writer dropped the date of its frame's index. */
function withoutTime(columns: string | undefined, candles: readonly string[]): Rejection | null {
  if (candles.length === 0) return null;
  const bad = candles.findIndex((candle) => timeOf(candle) === null);
  if (bad === -1) return null;
  const detail = `candle ${bad + 1} of ${candles.length} has no time; the file's columns are ${columns ?? 'not given'}`;
  return { reason: 'NO_TIME', column: 'time', detail };
}

function timeOf(candle: string): number | null {
  const value = scalar(new Map(members(candle) ?? []).get('time'));
  const parsed = typeof value === 'string' ? parseTime(value) : null;
  return parsed === null ? null : parsed.localMicros - (parsed.offsetMinutes ?? 0) * MICROS_PER_MINUTE;
}

/** The candle's session in India was over at `micros`: it will not change any more. */
function isClosed(candle: string, micros: number): boolean {
  const time = timeOf(candle);
  if (time === null) return true;
  const day = Math.floor((time + INDIA_OFFSET) / MICROS_PER_DAY) * MICROS_PER_DAY - INDIA_OFFSET;
  return day + CLOSE_OF_DAY <= micros;
}
