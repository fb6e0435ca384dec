import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { elements, members } from '../../../legacy/json-files/document.ts';
import { priceHistory } from '../../sources/price-history.ts';
import type { LoadedTuple } from '../table-back.ts';
import { writeTime } from '../time-form.ts';
import type { Building, FileBack, FileBackContext } from './file-back.ts';
import { fileStyle } from './file-style.ts';
import { wholeOriginals } from './general-cache.ts';
import { decoded, editObject, encoded, type Layout, valueOf, wholeObject } from './object-text.ts';
import { placed } from './places.ts';
import { notWritable } from './replace-file.ts';
import { loadedOf, memberChange } from './value-text.ts';

const [SYMBOL, INTERVAL, SOURCE, FROM, TO, CACHED_AT, CANDLES] = [0, 1, 2, 3, 4, 5, 8];
const FOLDER = '.cache/historical';
const CANDLE = '{"time": "", "open": 0.0, "high": 0.0, "low": 0.0, "close": 0.0, "volume": 0}';
const usual = { example: `{"data": [${CANDLE}], "row_count": 1, "columns": []}`, indent: null };
const EMPTY = '{"data": [], "row_count": 0, "columns": []}';
const usualEntry = {
  example:
    '{"symbol": "", "from_date": "", "to_date": "", "interval": "", "source": "", "cached_at": "", "row_count": 0, "file_size": 0}',
  indent: '  ',
};
/** An entry stands in the companion's object. */
const ENTRY_DEPTH = 2;

/**
 * `.cache/historical/<SYMBOL>_<interval>_<12 hex>.json`: `{data, row_count, columns}`; what was asked for, and when, stands
 * in the entry of `metadata.json` beside it.
 */
export const priceHistoryBack: FileBack = {
  source: priceHistory,
  // It follows from the time of the answer and the interval.
  besides: ['expires_at'],
  hasCompanion: true,
  readsByTime: true,
  placeOf(tuple, existing) {
    const path = placed(FOLDER, `${stemOf(tuple)}.json`, existing);
    return { path, key: path };
  },
  build(building) {
    const { document, changes, context } = building;
    const tuple = changes[0]!.tuple!;
    const usable = document !== null && wholeObject(document) !== null ? document : null;
    const built = contents(usable, tuple, context).map((one) => ({
      document: one,
      told: entryOf(building, tuple, one),
    }));
    return [...wholeOriginals(tuple).map((one) => ({ ...one, told: building.told ?? null })), ...built];
  },
  /** Of two answers to one question the newer. */
  outranks(present, tuple, { timezones }) {
    const cached = loadedOf(priceHistory.columns[CACHED_AT]!, present.values[CACHED_AT] ?? null, timezones);
    const own = tuple.values[CACHED_AT] ?? null;
    return typeof cached === 'bigint' && own !== null && cached > (own as bigint);
  },
};

/** The file's name: the start of the md5 of what was asked for, as the old application counted it. */
function stemOf({ values }: LoadedTuple): string {
  const [symbol, interval, source] = [values[SYMBOL], values[INTERVAL], values[SOURCE]].map(String);
  const [from, to] = [values[FROM], values[TO]];
  if (from === null || to === null)
    throw notWritable(
      `a file of prices of ${symbol}`,
      'its name is made from the range of time, and the row has none',
    );
  const isDaily = interval === '1d' || interval === 'day';
  const bound = (micros: bigint): string => {
    const time = writeTime(
      micros,
      { separator: '_' as ' ', suffix: '', digits: 6, always: false },
      'UTC',
      null,
    );
    return isDaily ? time.slice(0, 10) : time.slice(0, 16);
  };
  const asked = [symbol, bound(from as bigint), bound(to as bigint), interval, source].join('_');
  return `${symbol}_${interval}_${createHash('md5').update(asked).digest('hex').slice(0, 12)}`;
}

/** What the file could hold: with the candles that the reader left out, and without them. */
function contents(document: string | null, tuple: LoadedTuple, context: FileBackContext): string[] {
  const text = document ?? EMPTY;
  const style = fileStyle(priceHistory, document === null ? [] : [text], usual);
  const span = wholeObject(text)!;
  const column = priceHistory.columns[CANDLES]!;
  const own = { ...column, name: 'candles' };
  const present = document === null ? undefined : valueOf(text, span, 'data');
  const writing = { style, zones: context.timezones, depth: 1, anew: context.anew === true };
  const fresh = memberChange(own, tuple, tuple.values[CANDLES]!, present, writing) ?? present ?? '[]';
  const kept = tuple.originals.get('candles');
  const all =
    kept?.reason === 'OPEN_SESSION' ? [new TextDecoder('utf-8').decode(kept.bytes), fresh] : [fresh];
  return all.map((data) => withData(text, data, style.layout));
}

function withData(text: string, data: string, layout: Layout): string {
  const span = wholeObject(text)!;
  const candles = elements(data) ?? [];
  if (valueOf(text, span, 'data') === data) return text;
  const edits = new Map([
    ['data', encoded(data)],
    ['row_count', String(candles.length)],
  ]);
  const columns = columnsOf(candles);
  const known = new Set(elements(valueOf(text, span, 'columns') ?? '[]') ?? []);
  if (columns.some((name) => !known.has(name))) edits.set('columns', encoded(`[${columns.join(', ')}]`));
  return editObject(text, span, edits, layout);
}

/** The names of the candles' members, as JSON, in the order in which they first stand. */
function columnsOf(candles: readonly string[]): string[] {
  const names = new Set<string>();
  for (const candle of candles) for (const [name] of members(candle) ?? []) names.add(JSON.stringify(name));
  return [...names];
}

/** The companion's entry: null when the file's name says all there is. */
function entryOf(
  { path, told, document, context, changes }: Building,
  tuple: LoadedTuple,
  text: string,
): string | null {
  const stem = basename(path).replace(/\.json$/, '');
  const [, symbol, interval] = /^(.*)_([^_]+)_[0-9a-f]{12}$/.exec(stem) ?? [];
  const { values } = tuple;
  const isPlain =
    values[SYMBOL] === symbol &&
    values[INTERVAL] === interval &&
    values[SOURCE] === 'unknown' &&
    [FROM, TO, CACHED_AT].every((index) => values[index] === null);
  if (told === undefined && isPlain && changes[0]!.key !== null) return null;
  const there = told === undefined || wholeObject(encoded(told)) === null ? '{}' : encoded(told);
  const span = wholeObject(there)!;
  const style = fileStyle(priceHistory, there === '{}' ? [] : [there], usualEntry);
  const writing = { style, zones: context.timezones, depth: ENTRY_DEPTH, anew: context.anew === true };
  const edits = new Map<string, string | null>();
  for (const index of [SYMBOL, FROM, TO, INTERVAL, SOURCE, CACHED_AT]) {
    const column = priceHistory.columns[index]!;
    const change = memberChange(column, tuple, values[index]!, valueOf(there, span, column.name), writing);
    if (change !== undefined) edits.set(column.name, change === null ? null : encoded(change));
  }
  if (told === undefined || text !== document) {
    const count = elements(valueOf(text, wholeObject(text)!, 'data') ?? '[]')?.length ?? 0;
    edits.set('row_count', String(count));
    edits.set('file_size', String(text.length));
  }
  return decoded(editObject(there, span, edits, style.layout, ENTRY_DEPTH));
}
