import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvProvider } from './csv.ts';
import { yahooProvider, type YahooQuote } from './yahoo.ts';

const request = {
  symbol: 'M&M',
  interval: '1d',
  from: new Date('2026-11-17T00:00:00Z'),
  to: new Date('2026-11-20T00:00:00Z'),
  signal: new AbortController().signal,
};

describe('candles of CSV files', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stockroom-prices-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const write = (name: string, ...lines: string[]) =>
    writeFile(join(directory, name), `${lines.join('\r\n')}\r\n`);

  it('of a directory are found by symbol and interval, whatever the order of the columns', async () => {
    await write(
      'M&M.csv',
      '\uFEFFVolume,Date,Open,High,Low,Close,Adj Close',
      '5,2026-11-18,1,2,0.5,1.5,1',
      '"1","2020-01-01","1","1","1","1",1',
      '',
    );
    await write(
      'M&M_5m.csv',
      'time,open,high,low,close',
      '2026-11-18T09:15:00+05:30,1,2,1,2',
      '2026-11-21T03:45:00Z,1,2,1,2',
    );
    const provider = csvProvider(directory);
    expect(await provider.fetch(request)).toEqual([
      { time: '2026-11-18', open: 1, high: 2, low: 0.5, close: 1.5, volume: 5 },
    ]);
    expect(await provider.fetch({ ...request, interval: '5m' })).toEqual([
      { time: '2026-11-18T09:15:00+05:30', open: 1, high: 2, low: 1, close: 2, volume: null },
    ]);
    expect(await csvProvider(join(directory, 'M&M.csv')).fetch({ ...request, symbol: 'ANY' })).toHaveLength(
      1,
    );
  });

  it.each([
    ['no column high', ['date,open,low,close', '2026-11-18,1,1,1'], 'line 1: expected a column high'],
    [
      'a price that is none',
      ['date,open,high,low,close', '2026-11-18,1,x,1,1'],
      'line 2: high: expected a number',
    ],
    ['a short line', ['date,open,high,low,close', '', '2026-11-18,1,1'], 'line 3: low: expected a number'],
    [
      'a high below the low',
      ['date,open,high,low,close', '2026-11-18,1,1,2,1'],
      'line 2: high: expected at least',
    ],
    [
      'a time without a zone',
      ['time,open,high,low,close', '2026-11-18 09:15,1,1,1,1'],
      'line 2: time: expected',
    ],
    ['nothing', [''], 'expected the names of the columns'],
  ])('with %s are refused, by file and line', async (_, lines, message) => {
    await write('BAD.csv', ...lines);
    await expect(csvProvider(directory).fetch({ ...request, symbol: 'BAD' })).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringMatching(new RegExp(`BAD\\.csv, .*${message}`)),
    });
  });

  it('that are not there, too long, or outside the directory are refused', async () => {
    const provider = csvProvider(directory);
    for (const symbol of ['NONE', '../NONE', '..', 'a\\b', 'a\0']) {
      await expect(provider.fetch({ ...request, symbol })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    await write('LONG.csv', 'date,open,high,low,close', '2026-11-18,1,1,1,1', '2026-11-19,1,1,1,1');
    const long = { ...request, symbol: 'LONG' };
    await expect(csvProvider(directory, { maxBytes: 10 }).fetch(long)).rejects.toThrow('at most 10 bytes');
    await expect(csvProvider(directory, { maxCandles: 1 }).fetch(long)).rejects.toThrow('at most 1 candles');
  });
});

describe('candles of Yahoo', () => {
  function client(...quotes: YahooQuote[]) {
    const asked: unknown[][] = [];
    return {
      asked,
      async chart(...args: unknown[]) {
        asked.push(args);
        return { quotes };
      },
    };
  }
  const quote = (time: string, close: number | null = 1): YahooQuote => ({
    date: new Date(time),
    open: close,
    high: close,
    low: close,
    close,
    volume: 2,
  });

  it('are asked for by Yahoo’s names', async () => {
    const yahoo = client(quote('2026-11-18T03:45:00Z'), quote('2026-11-19T03:45:00Z', null));
    const provider = yahooProvider(yahoo);
    expect(await provider.fetch(request)).toEqual([
      { time: new Date('2026-11-18T03:45:00Z'), open: 1, high: 1, low: 1, close: 1, volume: 2 },
    ]);
    for (const symbol of ['^NSEI', 'INR=X', 'TCS.BO']) await provider.fetch({ ...request, symbol });
    await yahooProvider(yahoo, { suffix: '' }).fetch({ ...request, symbol: 'AAPL' });
    expect(yahoo.asked.map(([symbol]) => symbol)).toEqual(['M&M.NS', '^NSEI', 'INR=X', 'TCS.BO', 'AAPL']);
    expect(yahoo.asked[0]![1]).toEqual({ period1: request.from, period2: request.to, interval: '1d' });
  });

  it('of an interval that it does not have are refused; those that it has in parts are asked for in parts', async () => {
    const provider = yahooProvider(client());
    await expect(provider.fetch({ ...request, interval: '3m' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(provider.spanMaxMs!('1m')).toBe(7 * 86_400_000);
    expect(provider.spanMaxMs!('1d')).toBeUndefined();
  });

  it('lose the last trade, which is no candle, and what rounding put outside of high and low', async () => {
    const rounded = { ...quote('2026-11-18T04:00:00Z', 100), high: 99.99999 };
    const yahoo = client(rounded, quote('2026-11-18T04:05:00Z'), quote('2026-11-18T04:07:11Z'));
    const candles = await yahooProvider(yahoo).fetch({ ...request, interval: '5m' });
    expect(candles).toMatchObject([{ high: 100 }, { time: new Date('2026-11-18T04:05:00Z') }]);
  });
});
