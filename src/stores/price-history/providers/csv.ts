import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { codeOf, messageOf, StockroomError } from '../../../core/errors.ts';
import { parseIsoDate } from '../../../core/iso-time.ts';
import { type CandleInput, faultOf, instantOf } from '../candles.ts';
import type { PriceProvider, PriceRequest } from './port.ts';

export interface CsvOptions {
  /** A longer file is refused. 256 MB by default. */
  readonly maxBytes?: number;
  /** More candles in one range are refused. 200,000 by default. */
  readonly maxCandles?: number;
}

/** A longer line is no candle. */
const LINE_MAX_LENGTH = 10_000;
const DAY = 86_400_000;
const columns = ['open', 'high', 'low', 'close'] as const;

interface Header {
  readonly time: number;
  readonly prices: Readonly<Record<(typeof columns)[number], number>>;
  readonly volume: number | undefined;
}

/**
 * Candles of CSV files: `place` is one file for every symbol, or a directory with `SYMBOL_INTERVAL.csv` (`TCS_1d.csv`) or, for days,
 * `SYMBOL.csv`. The first line names the columns, in any order and case: time or date, open, high, low, close, volume (may be
 * missing). Times are ISO 8601 with a zone, dates are days of the exchange. A file is read as a stream, and rejected at the first
 * line that is no candle, by its name and line.
 */
export function csvProvider(
  place: string,
  { maxBytes = 256 * 1024 ** 2, maxCandles = 200_000 }: CsvOptions = {},
): PriceProvider {
  return {
    async fetch(request) {
      const path = await pathOf(place, request, maxBytes);
      return readCandles(path, request, maxCandles);
    },
  };
}

async function pathOf(place: string, { symbol, interval }: PriceRequest, maxBytes: number): Promise<string> {
  const found = await about(place);
  if (found === undefined) throw new StockroomError('NOT_FOUND', `There is no file or directory ${place}`);
  if (!found.isDirectory()) return bounded(place, found.size, maxBytes);
  // The name of a file is one part of a path, whatever the symbol holds.
  if (/[/\\\0]/.test(symbol))
    throw new StockroomError('NOT_FOUND', `${symbol} cannot be the name of a file in ${place}`);
  const names = [`${symbol}_${interval}.csv`, ...(interval === '1d' ? [`${symbol}.csv`] : [])];
  for (const name of names) {
    const path = join(place, name);
    const file = await about(path);
    if (file !== undefined) return bounded(path, file.size, maxBytes);
  }
  throw new StockroomError('NOT_FOUND', `There is no ${names.join(' or ')} in ${place}`);
}

async function about(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw new StockroomError('SOURCE_UNREADABLE', `${path}: ${messageOf(error)}`, { cause: error });
  }
}

function bounded(path: string, size: number, maxBytes: number): string {
  if (size <= maxBytes) return path;
  throw new StockroomError('SOURCE_UNREADABLE', `${path}: expected at most ${maxBytes} bytes, found ${size}`);
}

async function readCandles(path: string, request: PriceRequest, maxCandles: number): Promise<CandleInput[]> {
  const { from, to, signal } = request;
  const input = createReadStream(path, { signal, encoding: 'utf8' });
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const candles: CandleInput[] = [];
  let header: Header | undefined;
  let number = 0;
  try {
    for await (const line of lines) {
      number += 1;
      if (line.trim() === '') continue;
      if (line.length > LINE_MAX_LENGTH)
        throw bad(path, number, `expected at most ${LINE_MAX_LENGTH} characters`);
      const cells = cellsOf(line);
      if (header === undefined) {
        header = headerOf(cells, path, number);
        continue;
      }
      const candle = candleOf(cells, header, path, number);
      if (!mayLieIn(candle, from.getTime(), to.getTime())) continue;
      candles.push(candle);
      if (candles.length > maxCandles)
        throw bad(path, number, `expected at most ${maxCandles} candles in the range`);
    }
  } finally {
    lines.close();
    input.destroy();
  }
  if (header === undefined) throw bad(path, 1, 'expected the names of the columns, found an empty file');
  return candles;
}

/** A date is a day of an exchange, which begins and ends within a day of UTC's: the store, which knows it, looks closer. */
function mayLieIn({ time }: CandleInput, from: number, to: number): boolean {
  const text = String(time);
  const ms = instantOf(text)!;
  return parseIsoDate(text) === undefined ? ms >= from && ms < to : ms > from - 2 * DAY && ms < to + 2 * DAY;
}

function headerOf(cells: readonly string[], path: string, line: number): Header {
  const names = cells.map((cell, index) =>
    (index === 0 ? cell.replace(/^\uFEFF/, '') : cell).trim().toLowerCase(),
  );
  const place = (...of: string[]): number => {
    const index = names.findIndex((name) => of.includes(name));
    if (index === -1)
      throw bad(path, line, `expected a column ${of.join(' or ')}, found ${names.join(', ')}`);
    return index;
  };
  return {
    time: place('time', 'date', 'datetime', 'timestamp'),
    prices: { open: place('open'), high: place('high'), low: place('low'), close: place('close') },
    volume: names.includes('volume') ? names.indexOf('volume') : undefined,
  };
}

function candleOf(cells: readonly string[], header: Header, path: string, line: number): CandleInput {
  const time = cells[header.time]?.trim() ?? '';
  if (instantOf(time) === undefined) {
    throw bad(
      path,
      line,
      `time: expected an ISO 8601 time with a zone, or a date, found ${JSON.stringify(time)}`,
    );
  }
  const [open, high, low, close] = columns.map((name) =>
    numberOf(cells[header.prices[name]], name, path, line),
  );
  const given = header.volume === undefined ? '' : (cells[header.volume] ?? '').trim();
  const volume = given === '' ? null : numberOf(given, 'volume', path, line);
  const candle = { time, open: open!, high: high!, low: low!, close: close!, volume };
  const fault = faultOf(candle);
  if (fault !== undefined) throw bad(path, line, fault);
  return candle;
}

function numberOf(cell: string | undefined, name: string, path: string, line: number): number {
  const text = cell?.trim() ?? '';
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw bad(path, line, `${name}: expected a number, found ${JSON.stringify(text.slice(0, 40))}`);
}

/** Cells between commas, in quotes or not; a quote in a quoted one is written twice. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

function bad(path: string, line: number, expected: string): StockroomError {
  return new StockroomError('SOURCE_UNREADABLE', `${path}, line ${line}: ${expected}`);
}
