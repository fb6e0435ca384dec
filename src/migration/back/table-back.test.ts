import { describe, expect, it } from 'vitest';
import { tableOf } from '../../../test/support/back.ts';
import type { RawValue } from '../source.ts';
import { defineSource, text } from '../source.ts';
import { aiRecommendations } from '../sources/ai-recommendations.ts';
import { rlPolicies } from '../sources/rl-policies.ts';
import { supportResistanceLevels } from '../sources/support-resistance-levels.ts';
import { extraJson } from '../values/extra.ts';
import { InvalidText, type LoadedValue, type OldValue } from './loaded.ts';
import { type Original, originalValue } from './original.ts';
import { learnStyle } from './style.ts';
import { type LoadedTuple, TableBack, TableLayout } from './table-back.ts';

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');

describe('bytes that were kept', () => {
  const cases: readonly [string, Original, OldValue][] = [
    ['a BLOB', { bytes: utf8('x'), reason: 'BLOB_IN_TEXT' }, Buffer.from('x')],
    ['an INTEGER in a column of text', { bytes: utf8('5'), reason: 'NUMBER_IN_TEXT' }, 5n],
    ['a REAL in a column of text', { bytes: utf8('1.5e+300'), reason: 'NUMBER_IN_TEXT' }, 1.5e300],
    [
      'an integer that no double holds',
      { bytes: utf8('9007199254740993'), reason: 'PRECISION' },
      2n ** 53n + 1n,
    ],
    [
      'digits beyond the microsecond',
      { bytes: utf8('2026-01-01T00:00:00.1234567Z'), reason: 'PRECISION' },
      '2026-01-01T00:00:00.1234567Z',
    ],
    ['an empty string', { bytes: utf8(''), reason: 'EMPTY_TO_NULL' }, ''],
    ['minus zero', { bytes: utf8('-0.0'), reason: 'NEGATIVE_ZERO' }, -0],
    ['NaN in a document', { bytes: utf8('{"a": NaN}'), reason: 'JSON_NAN' }, '{"a": NaN}'],
  ];
  it.each(cases)('%s', (_, original, expected) => {
    expect(originalValue(original)).toStrictEqual(expected);
  });

  it('text that is no UTF-8', () => {
    const bytes = Buffer.from([0x61, 0xff]);
    expect(originalValue({ bytes, reason: 'INVALID_UTF8' })).toStrictEqual(new InvalidText(bytes));
  });

  const recommendation = (
    loaded: Record<string, LoadedValue>,
    originals: Record<string, Original>,
  ): LoadedTuple => ({
    key: 1n,
    values: aiRecommendations.columns.map(({ name }) => loaded[name] ?? null),
    extra: null,
    originals: new Map(Object.entries(originals)),
  });

  function backRow(
    source: typeof aiRecommendations,
    tuple: LoadedTuple,
    names: readonly string[],
  ): Map<string, OldValue> {
    const layout = new TableLayout(source, source.shapes![0]!, tableOf(source.table, ['id', ...names]));
    const back = new TableBack(layout, names, learnStyle(source, layout.own, null));
    const { values } = back.row(tuple);
    return new Map(names.map((name, index) => [name, values[index]!]));
  }

  it('are given back for as long as they load as what is there', () => {
    const names = aiRecommendations.columns.map(({ name }) => name);
    const kept = { target_price: { bytes: utf8(''), reason: 'EMPTY_TO_NULL' } };
    expect(backRow(aiRecommendations, recommendation({}, kept), names).get('target_price')).toBe('');
    const changed = recommendation({ target_price: 12.5 }, kept);
    expect(backRow(aiRecommendations, changed, names).get('target_price')).toBe(12.5);
  });

  it('of a time that lied are given back until the time is changed here', () => {
    const names = aiRecommendations.columns.map(({ name }) => name);
    const lie = '2026-01-09T15:30:00Z';
    const kept = { generated_at_utc: { bytes: utf8(lie), reason: 'TIMESTAMP_SKEW' } };
    const truth = BigInt(Date.UTC(2026, 0, 9, 10)) * 1000n;
    const run = { run_id: 'nifty:Swing:2026-01-09T10:00:30' };
    const at = (micros: bigint): OldValue | undefined =>
      backRow(aiRecommendations, recommendation({ ...run, generated_at_utc: micros }, kept), names).get(
        'generated_at_utc',
      );
    expect(at(truth)).toBe(lie);
    expect(at(truth + 1_000_000n)).toBe('2026-01-09T10:00:01Z');
  });

  it('of a policy that was retired on its way are given back until it is activated here', () => {
    const names = rlPolicies.columns.map(({ name }) => name);
    const kept = new Map([['status', { bytes: utf8('ACTIVE'), reason: 'SEVERAL_ACTIVE' }]]);
    const at = (status: string): OldValue | undefined => {
      const loaded: Record<string, LoadedValue> = { policy_id: 'p', status };
      const values = rlPolicies.columns.map(({ name }) => loaded[name] ?? null);
      return backRow(rlPolicies, { key: 1n, values, extra: null, originals: kept }, names).get('status');
    };
    expect(at('RETIRED')).toBe('ACTIVE');
    expect(at('DRAFT')).toBe('DRAFT');
  });
});

describe('tables of other shapes', () => {
  const legacyExtra = (extra: Record<string, RawValue>): string =>
    extraJson(new Map(Object.entries(extra)), () => undefined);

  it('columns that no source knows come back, with their storage classes', () => {
    const source = defineSource({ id: 'one', store: 'one', table: 'one', columns: [text('v')] });
    const names = ['id', 'v', 'a', 'b', 'c', 'd'];
    const layout = new TableLayout(source, { table: 'one', requires: [] }, tableOf('one', names));
    const back = new TableBack(layout, names, learnStyle(source, layout.own, null));
    const extra = legacyExtra({ a: 'text', b: 5n, c: 1.5, d: null });
    const row = back.row({ key: 3n, values: ['x'], extra, originals: new Map() });
    expect(row.values).toStrictEqual([3n, 'x', 'text', 5n, 1.5, null]);
  });

  it('a row of Stockroom gets the key that it is given, and says what the old table has no place for', () => {
    const names = ['id', 'symbol', 'mode', 'recommendation', 'generated_at_utc'];
    const layout = new TableLayout(aiRecommendations, aiRecommendations.shapes![0]!, tableOf('t', names));
    const back = new TableBack(layout, names, learnStyle(aiRecommendations, layout.own, null));
    const loaded: Record<string, LoadedValue> = {
      symbol: 'A',
      recommendation: 'Sell',
      direction: 'SHORT',
      source: 'api',
    };
    const values = aiRecommendations.columns.map(({ name }) => loaded[name] ?? null);
    const row = back.row({ key: null, values, extra: null, originals: new Map() }, 12n);
    expect(row.values).toStrictEqual([12n, 'A', null, 'Sell', null]);
    expect(row.homeless).toStrictEqual(['source']);
  });

  it('a document of levels is written anew when a level was changed here', () => {
    const shape = supportResistanceLevels.shapes![1]!;
    const names = ['symbol', 'timeframe', 'levels_json', 'updated_at'];
    const layout = new TableLayout(supportResistanceLevels, shape, tableOf('sr_levels', names));
    const back = new TableBack(layout, names, learnStyle(supportResistanceLevels, layout.own, null));
    const stored = '{"pivot": 10.0, "r1": 11.5}';
    const row = (p: number): readonly OldValue[] => {
      const loaded: Record<string, LoadedValue> = {
        symbol: 'A',
        timeframe_scope: 'D',
        p,
        r1: 11.5,
        computed_at_ist: 0n,
      };
      const values = supportResistanceLevels.columns.map(({ name }) => loaded[name] ?? null);
      const tuple = { key: 'A:D', values, extra: legacyExtra({ levels_json: stored }), originals: new Map() };
      return back.row(tuple).values;
    };
    expect(row(10)).toStrictEqual(['A', 'D', stored, '1970-01-01T05:30:00+05:30']);
    expect(row(12)[2]).toBe(
      '{"p": 12.0, "r1": 11.5, "r2": null, "r3": null, "s1": null, "s2": null, "s3": null}',
    );
  });
});
