import { createHash } from 'node:crypto';
import { type Candle, dailyCandles, fiveMinuteCandles } from './market.ts';
import { float, type PyValue } from './python-json.ts';
import type { Sample } from './sample.ts';
import { DAY, HOUR, type Micros, MINUTE, naiveUtc } from './times.ts';

const FOLDER = '.cache/historical';
const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'];
const SOURCES = ['yahoo', 'auto', 'zerodha'] as const;

/** The place of the symbols whose five-minute file is past its hour, and whose file lost its times. */
const STALE = 3;
const WITHOUT_TIME = 4;

interface PriceFile {
  symbol: string;
  interval: '1d' | '5m';
  source: (typeof SOURCES)[number];
  from: Micros;
  to: Micros;
  cachedAt: Micros;
  candles: readonly Candle[];
  hasTime: boolean;
}

/** The symbol, the interval and the start of the md5 of what was asked for. */
function stemOf(file: PriceFile): string {
  const bound = (time: Micros): string =>
    file.interval === '1d' ? naiveUtc(time).slice(0, 10) : naiveUtc(time).slice(0, 16).replace('T', '_');
  const key = [file.symbol, bound(file.from), bound(file.to), file.interval, file.source].join('_');
  return `${file.symbol}_${file.interval}_${createHash('md5').update(key).digest('hex').slice(0, 12)}`;
}

function record(candle: Candle, hasTime: boolean): PyValue {
  const prices = {
    open: float(candle.open),
    high: float(candle.high),
    low: float(candle.low),
    close: float(candle.close),
    volume: candle.volume,
  };
  return hasTime ? { time: naiveUtc(candle.time), ...prices } : prices;
}

/** Writes one file and returns its entry of `metadata.json`. */
function writeFile(sample: Sample, file: PriceFile): [stem: string, entry: PyValue] {
  const stem = stemOf(file);
  const path = `${FOLDER}/${stem}.json`;
  const document = {
    data: file.candles.map((candle) => record(candle, file.hasTime)),
    row_count: file.candles.length,
    columns: file.hasTime ? COLUMNS : COLUMNS.slice(1),
  };
  const size = sample.writeJson(path, document, 0);
  sample.count('price_history', path, 1);
  const entry = {
    symbol: file.symbol,
    from_date: naiveUtc(file.from),
    to_date: naiveUtc(file.to),
    interval: file.interval,
    source: file.source,
    // The old machine's local time; the sample's machine ran on UTC.
    cached_at: naiveUtc(file.cachedAt),
    row_count: file.candles.length,
    file_size: size,
  };
  return [stem, entry];
}

/** `.cache/historical`: a daily and a five-minute file a symbol, and the index that the cache kept of them. */
export function writePriceFiles(sample: Sample): void {
  const { settings } = sample;
  const { now, symbols } = settings;
  const random = sample.random('price_history');
  const entries = symbols.flatMap((symbol, index) => {
    const common = { symbol, to: now - random.int(0, MINUTE), hasTime: true };
    const stale = index === STALE ? 5 * HOUR : 0;
    const daily: PriceFile = {
      ...common,
      interval: '1d',
      source: random.pick(SOURCES),
      from: common.to - 365 * DAY,
      cachedAt: now - random.int(2 * MINUTE, 20 * MINUTE),
      candles: dailyCandles(settings, symbol),
    };
    const fives: PriceFile = {
      ...common,
      interval: '5m',
      source: random.pick(SOURCES),
      from: common.to - 5 * DAY,
      cachedAt: now - stale - random.int(2 * MINUTE, 20 * MINUTE),
      candles: fiveMinuteCandles(settings, symbol),
      // Trap: the provider kept the dates in the frame's index, and the writer dropped the index.
      hasTime: !(settings.traps && index === WITHOUT_TIME),
    };
    return [writeFile(sample, daily), writeFile(sample, fives)];
  });
  sample.writeJson(`${FOLDER}/metadata.json`, Object.fromEntries(entries));
  sample.progress(FOLDER);
}
