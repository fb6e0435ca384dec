import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { at, did, hasPython, made, NOW, OldFiles, tuple } from '../../../../test/support/file-back.ts';
import { generalCache } from '../../sources/general-cache.ts';
import { globalScores } from '../../sources/global-scores.ts';
import { memoryPreferences } from '../../sources/memory-preferences.ts';
import { pickArchive } from '../../sources/pick-archive.ts';
import { priceHistory } from '../../sources/price-history.ts';
import type { LoadedTuple } from '../table-back.ts';
import { fileBackOf, type PlacedChange } from './index.ts';

let old: OldFiles;
beforeEach(() => {
  old = new OldFiles();
});
afterEach(() => old.remove());

/** A file as the old application reads it. */
const asPythonReads = (file: string): unknown =>
  JSON.parse(
    execFileSync(
      'python3',
      ['-c', 'import json,sys; print(json.dumps(json.load(open(sys.argv[1]))))', join(old.root, file)],
      { encoding: 'utf8' },
    ),
  );

describe('preferences', () => {
  const FILE = 'cache/memory/user_1.json';
  const before = `{
    "theme": {"value": "dark", "updated_at": "2026-01-01T00:00:00.5Z", "by": [1,  2]},
    "limit": {"value": 1.50, "updated_at": "2026-01-01T00:00:00Z"},
    "gone": {"value": null, "updated_at": null}
}
`;
  const preference = (name: string, value: string, time = '2026-01-02T00:00:00Z'): LoadedTuple =>
    tuple(memoryPreferences, { user_id: '1', pref_key: name, value, updated_at: at(time) }, name);

  it('of a user are changed, added and removed, and the others stay byte for byte', () => {
    const path = old.put(FILE, before);
    chmodSync(path, 0o640);
    const outcomes = old.apply(path, memoryPreferences, [
      { key: 'theme', tuple: { ...preference('theme', '"light"'), extra: '{"by": "[1,  2]"}' } },
      { key: 'limit', tuple: preference('limit', '1.50', '2026-01-01T00:00:00Z') },
      { key: 'gone', tuple: null },
      { key: null, tuple: preference('é', '{"b": 1, "aa": [true]}') },
    ]);
    expect(did(outcomes)).toEqual(['written', 'unchanged', 'removed', 'written']);
    expect(outcomes[3]!.key).toBe('é');
    expect(old.read(FILE)).toBe(`{
    "theme": {"value": "light", "updated_at": "2026-01-02T00:00:00Z", "by": [1,  2]},
    "limit": {"value": 1.50, "updated_at": "2026-01-01T00:00:00Z"},
    "\\u00e9": {
        "value": {
            "b": 1,
            "aa": [
                true
            ]
        },
        "updated_at": "2026-01-02T00:00:00Z"
    }
}
`);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(dirname(path))).toEqual(['user_1.json']);
  });

  it('of a user without a file make one', () => {
    expect(
      did(
        old.write(memoryPreferences, [
          made(memoryPreferences, { user_id: 'a b', pref_key: 'k', value: '1', updated_at: NOW }),
        ]),
      ),
    ).toEqual(['written']);
    expect(old.read('cache/memory/user_a b.json')).toBe(
      '{\n  "k": {\n    "value": 1,\n    "updated_at": "2026-01-09T10:00:00Z"\n  }\n}',
    );
  });

  it('that stand twice are one when they change: the old application reads the last', () => {
    const path = old.put(
      FILE,
      '{"k": {"value": 1, "updated_at": null}, "k": {"value": 2, "updated_at": null}}',
    );
    const changed = tuple(memoryPreferences, { user_id: '1', pref_key: 'k', value: '3' }, 'k');
    expect(did(old.apply(path, memoryPreferences, [{ key: 'k', tuple: changed }]))).toEqual(['written']);
    expect(old.read(FILE)).toBe('{"k": {"value": 3, "updated_at": null}}');
  });

  it('that no file can say are refused, and the others are written', () => {
    const path = old.put(FILE, '{}');
    const outcomes = old.apply(path, memoryPreferences, [
      { key: null, tuple: tuple(memoryPreferences, { user_id: '2', pref_key: 'a', value: '1' }) },
      { key: null, tuple: tuple(memoryPreferences, { user_id: '1', pref_key: 'b', value: '1' }) },
    ]);
    expect(did(outcomes)).toEqual(['refused', 'written']);
    expect(outcomes[0]!.error).toMatchObject({ code: 'SOURCE_NOT_WRITABLE' });
    expect(JSON.parse(old.read(FILE))).toEqual({ b: { value: 1 } });
  });
});

describe('scores', () => {
  const FILE = 'data/global_scores/score_cache.json';
  const score = (symbol: string, time: string, value = '{"blend_score": 1.0}'): PlacedChange => ({
    key: null,
    path: null,
    tuple: tuple(globalScores, {
      symbol,
      score: value,
      timestamp: at(time),
      expires_at: at(time) + 6n * 3_600_000_000n,
    }),
  });

  it('of many times get the time of the oldest, so that none is given for newer than it is', () => {
    old.put(
      FILE,
      '{"timestamp": "2026-01-09T08:00:00Z", "scores": {"A": {"blend_score": 5}}, "ttl_hours": 6}',
    );
    expect(did(old.write(globalScores, [score('B', '2026-01-09T09:00:00Z')]))).toEqual(['written']);
    expect(old.read(FILE)).toBe(
      '{"timestamp": "2026-01-09T08:00:00Z", "scores": {"A": {"blend_score": 5}, "B": {"blend_score": 1.0}}, "ttl_hours": 6}',
    );
    old.write(globalScores, [score('C', '2026-01-09T07:00:00Z')]);
    expect(JSON.parse(old.read(FILE))).toMatchObject({ timestamp: '2026-01-09T07:00:00Z' });
  });

  it('whose time is over are not written, and do not come alive under a new time', () => {
    old.put(
      FILE,
      '{"timestamp": "2026-01-01T08:00:00Z", "scores": {"OLD": {"blend_score": 5}}, "ttl_hours": 6}',
    );
    const changes = [score('B', '2026-01-09T09:00:00Z'), score('C', '2026-01-08T09:00:00Z')];
    expect(did(old.write(globalScores, changes))).toEqual(['written', 'expired']);
    expect(JSON.parse(old.read(FILE))).toEqual({
      timestamp: '2026-01-09T09:00:00Z',
      scores: { B: { blend_score: 1 } },
      ttl_hours: 6,
    });
  });

  it.skipIf(!hasPython)('make a file that Python reads, with their members in its order', () => {
    old.write(globalScores, [
      score('M&M', '2026-01-09T09:00:00Z', '{"agents": [], "symbol": "M&M", "blend_score": 62.0}'),
    ]);
    expect(old.read(FILE)).toContain('"symbol": "M&M",\n      "blend_score": 62.0,\n      "agents": []');
    expect(asPythonReads(FILE)).toEqual({
      timestamp: '2026-01-09T09:00:00Z',
      scores: { 'M&M': { symbol: 'M&M', blend_score: 62, agents: [] } },
      ttl_hours: 6,
    });
  });
});

describe('cached values', () => {
  const entry = (key: string, data: string, time: string): PlacedChange =>
    made(generalCache, { key, data, timestamp: at(time), expires_at: at(time) + 691_200_000_000n });

  it('are in the file of their key, the newest of several with one name', () => {
    const first = old.write(generalCache, [entry('quotes:A/B', '1', '2026-01-09T09:00:00Z')]);
    expect(first[0]).toMatchObject({ did: 'written', path: 'cache/quotes_A_B.json' });
    expect(old.read('cache/quotes_A_B.json')).toBe(
      '{\n  "timestamp": "2026-01-09T09:00:00Z",\n  "data": 1\n}',
    );
    expect(did(old.write(generalCache, [entry('quotes_A_B', '2', '2026-01-09T08:00:00Z')]))).toEqual([
      'superseded',
    ]);
    expect(did(old.write(generalCache, [entry('quotes_A_B', '3', '2026-01-09T09:30:00Z')]))).toEqual([
      'written',
    ]);
    expect(JSON.parse(old.read('cache/quotes_A_B.json'))).toEqual({
      timestamp: '2026-01-09T09:30:00Z',
      data: 3,
    });
  });
});

describe('prices', () => {
  const answer = {
    symbol: 'M&M',
    interval: '5m',
    source: 'yahoo',
    from_date: at('2026-01-01T09:15:00Z'),
    to_date: at('2026-01-08T10:00:00Z'),
    cached_at: at('2026-01-09T09:50:00Z'),
    row_count: 1n,
    candles:
      '[{"low": 1.5, "high": 3.0, "open": 2.0, "time": "2026-01-08T09:15:00", "close": 2.5, "volume": 10}]',
  };

  it('are in a file of the old name, with an entry beside it; both go together', () => {
    const [outcome] = old.write(priceHistory, [made(priceHistory, answer)]);
    expect(outcome).toMatchObject({ did: 'written' });
    const { path } = outcome!;
    expect(path).toMatch(/^\.cache\/historical\/M&M_5m_[0-9a-f]{12}\.json$/);
    const candle =
      '{"time": "2026-01-08T09:15:00", "open": 2.0, "high": 3.0, "low": 1.5, "close": 2.5, "volume": 10}';
    const text = `{"data": [${candle}], "row_count": 1, "columns": ["time", "open", "high", "low", "close", "volume"]}`;
    expect(old.read(path)).toBe(text);
    const stem = path.replace(/^.*\/|\.json$/g, '');
    expect(JSON.parse(old.read('.cache/historical/metadata.json'))).toEqual({
      [stem]: {
        symbol: 'M&M',
        from_date: '2026-01-01T09:15:00',
        to_date: '2026-01-08T10:00:00',
        interval: '5m',
        source: 'yahoo',
        cached_at: '2026-01-09T09:50:00',
        row_count: 1,
        file_size: text.length,
      },
    });
    expect(did(old.write(priceHistory, [{ ...made(priceHistory, answer), key: path }]))).toEqual([
      'unchanged',
    ]);
    expect(did(old.write(priceHistory, [{ key: path, tuple: null, path }]))).toEqual(['removed']);
    expect(readdirSync(join(old.root, '.cache/historical'))).toEqual(['metadata.json']);
    expect(old.read('.cache/historical/metadata.json')).toBe('{}');
  });
});

describe('payloads of picks', () => {
  const payload = '{"items": [], "as_of": "2026-01-09T15:30:00", "universe": "nifty", "mode": "Swing"}';
  const values = {
    universe: 'nifty',
    mode: 'Swing',
    as_of: at('2026-01-09T10:00:00Z'),
    picks_count: 0n,
    payload,
  };

  it('are in files of the old names, and never written over another payload', () => {
    const [outcome] = old.write(pickArchive, [made(pickArchive, values)]);
    const path = 'data/top_picks_intraday/picks_nifty_Swing_20260109_100000.json';
    expect(outcome).toMatchObject({ did: 'written', path });
    expect(JSON.parse(old.read(path))).toEqual(JSON.parse(payload));
    const other = { ...values, payload: payload.replace('[]', '[{}]'), picks_count: 1n };
    expect(old.write(pickArchive, [made(pickArchive, other)])[0]).toMatchObject({
      error: { code: 'TARGET_EXISTS' },
    });
    expect(did(old.write(pickArchive, [made(pickArchive, values)]))).toEqual(['unchanged']);
  });

  it('are put beside the files that are there', () => {
    const back = fileBackOf(pickArchive)!;
    expect(back.placeOf(tuple(pickArchive, values), ['old/picks_a_B_20260101_000000.json']).path).toBe(
      'old/picks_nifty_Swing_20260109_100000.json',
    );
  });
});
