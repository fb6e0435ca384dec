import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dumps, float as pyFloat, type PyValue } from '../../legacy/sample/python-json.ts';
import {
  adapterTime,
  indiaWithOffset,
  naiveIndia,
  naiveUtc,
  sqliteTime,
  utcWithOffset,
  utcWithZ,
} from '../../legacy/sample/times.ts';
import { column, tableOf } from '../../../test/support/back.ts';
import type { Column, RawValue } from '../source.ts';
import { defineSource } from '../source.ts';
import { aiRecommendations } from '../sources/ai-recommendations.ts';
import { rlPolicies } from '../sources/rl-policies.ts';
import { supportResistanceLevels } from '../sources/support-resistance-levels.ts';
import { extraJson } from '../values/extra.ts';
import { JsonFormLearner } from './json-form.ts';
import { InvalidText, loadedAs, type LoadedValue, type OldValue, sameLoaded } from './loaded.ts';
import { type Original, originalValue } from './original.ts';
import { learnStyle, type TableStyle } from './style.ts';
import { type LoadedTuple, TableBack, TableLayout } from './table-back.ts';
import { TimeFormLearner, writeTime } from './time-form.ts';

/** An old value loaded and brought back, in a table with one column of a kind. */
function thereAndBack(
  one: Column,
  value: OldValue,
  style: Partial<TableStyle> = {},
  forced?: string,
): OldValue {
  const source = defineSource({ id: 'one', store: 'one', table: 'one', columns: [one] });
  const layout = new TableLayout(source, { table: 'one', requires: [] }, tableOf('one', ['id', 'v']));
  const zones = new Map(forced === undefined ? [] : [['v', forced]]);
  const whole = { ...learnStyle(source, layout.own, null), ...style };
  const back = new TableBack(layout, ['id', 'v'], whole, zones);
  const loaded = loadedAs(one, value, forced ?? null);
  const row = back.row({ key: 7n, values: [loaded], extra: null, originals: new Map() });
  expect(row.values[0]).toBe(7n);
  return row.values[1]!;
}

/** For a property, which fails when it throws. */
const same = (came: OldValue, was: OldValue): void => {
  expect(came).toBe(was);
};

const micros = fc.integer({ min: 0, max: 4_000_000_000_000_000 });
const forms = { adapterTime, indiaWithOffset, naiveIndia, naiveUtc, sqliteTime, utcWithOffset, utcWithZ };

const document = fc.letrec<{ value: PyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed() && !text.includes('\0')),
    fc
      .double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })
      .map((value) => pyFloat(value + 0)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('score', 'b', 'agent', 'é', 'zz'), tie('value')),
  ),
})).value;

describe('each kind of column has an inverse', () => {
  it.each(['text', 'key'] as const)('%s', (kind) => {
    const text = fc.string({ unit: 'grapheme' }).filter((one) => one.isWellFormed() && !one.includes('\0'));
    fc.assert(fc.property(text, (value) => same(thereAndBack(column(kind), value), value)));
  });

  it('float: every bit', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(finite, (value) => same(thereAndBack(column('float'), value), value)));
  });

  it('money: the double whose shortest text it is', () => {
    const amount = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0));
    fc.assert(fc.property(amount, (value) => same(thereAndBack(column('money'), value), value)));
  });

  it('integer and boolean', () => {
    const int8 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(fc.property(int8, (value) => same(thereAndBack(column('integer'), value), value)));
    for (const value of [0n, 1n]) expect(thereAndBack(column('boolean'), value)).toBe(value);
  });

  it('date', () => {
    const day = fc.integer({ min: -719_162, max: 2_932_896 });
    fc.assert(
      fc.property(day, (days) => {
        const text = new Date(days * 86_400_000).toISOString().slice(0, 10);
        expect(thereAndBack(column('date'), text)).toBe(text);
      }),
    );
  });

  it.each(Object.entries(forms))('time as %s writes it', (name, write) => {
    const zone = name === 'naiveIndia' ? 'Asia/Kolkata' : 'UTC';
    fc.assert(
      fc.property(micros, micros, (seen, at) => {
        const learner = new TimeFormLearner();
        learner.see(write(seen));
        const times = new Map([['v', learner.form()!]]);
        const text = write(name === 'sqliteTime' ? at - (at % 1_000_000) : at);
        expect(thereAndBack(column('time', zone), text, { times })).toBe(text);
      }),
    );
  });

  it('json as its writer spells it, whatever jsonb made of the order of its keys', () => {
    fc.assert(
      fc.property(document, (value) => {
        const text = dumps(value);
        const learner = new JsonFormLearner();
        learner.see(text);
        const back = thereAndBack(column('json'), text, { documents: new Map([['v', learner.form()!]]) });
        // Two objects of one document may have the same keys in different orders: then it means the same.
        expect(sameLoaded(column('json'), loadedAs(column('json'), back, null), text)).toBe(true);
      }),
    );
  });

  it('null stays null', () => {
    for (const kind of ['text', 'float', 'money', 'integer', 'boolean', 'date', 'time', 'json'] as const)
      expect(thereAndBack(column(kind), null)).toBeNull();
  });
});

describe('times', () => {
  it('of a column that was read in a zone are written in it, whatever its Z claims', () => {
    const times = new Map([['v', { separator: 'T', suffix: 'Z', digits: 6, always: false } as const]]);
    const text = '2026-07-01T09:15:00.000001Z';
    expect(thereAndBack(column('time'), text, { times }, 'Asia/Kolkata')).toBe(text);
  });

  it('that come twice when clocks are set back are given with their offset', () => {
    const form = { separator: 'T', suffix: '', digits: 6, always: false } as const;
    const second = BigInt(Date.UTC(2026, 9, 25, 1, 30)) * 1000n;
    expect(writeTime(second, form, 'Europe/Berlin', null)).toBe('2026-10-25T01:30:00+00:00');
    expect(writeTime(second - 3_600_000_000n, form, 'Europe/Berlin', null)).toBe('2026-10-25T02:30:00');
  });

  it('keep all digits where the form of the others has fewer', () => {
    const learner = new TimeFormLearner();
    for (const text of ['2026-01-01 10:00:00.120', '2026-01-01 10:00:00.000']) learner.see(text);
    const form = learner.form()!;
    expect(writeTime(1_000_000n, form, 'UTC', null)).toBe('1970-01-01 00:00:01.000');
    expect(writeTime(1_000_001n, form, 'UTC', null)).toBe('1970-01-01 00:00:01.000001');
  });

  it('are written in the form that most of the old ones have', () => {
    const learner = new TimeFormLearner();
    for (const text of [utcWithZ(1), utcWithOffset(1), utcWithZ(2), 'no time']) learner.see(text);
    expect(writeTime(0n, learner.form()!, 'UTC', null)).toBe('1970-01-01T00:00:00Z');
  });
});

describe('the spelling of documents is learnt', () => {
  const spell = (seen: readonly string[], stored: string): OldValue => {
    const learner = new JsonFormLearner();
    for (const text of seen) learner.see(text);
    return thereAndBack(column('json'), stored, { documents: new Map([['v', learner.form()!]]) });
  };

  it('the order of keys, also of a set of them that was not seen', () => {
    const seen = ['{"symbol": "A", "id": 1, "note": "x"}', '{"symbol": "B", "price": 2.0}'];
    expect(spell(seen, '{"id": 3, "symbol": "C"}')).toBe('{"symbol": "C", "id": 3}');
    expect(spell(seen, '{"new": 1, "note": "", "symbol": "C"}')).toBe(
      '{"symbol": "C", "note": "", "new": 1}',
    );
  });

  it('separators and characters beyond ASCII', () => {
    expect(spell(['{"a":1,"b":"é"}'], '{"b": "ü", "a": 2}')).toBe('{"a":2,"b":"ü"}');
    expect(spell(['{"a": "\\u00e9"}'], '{"a": "ü\u007f"}')).toBe('{"a": "\\u00fc\\u007f"}');
  });

  it('and numbers are those of Python', () => {
    expect(spell(['{"a": 1}'], '[62.0, 1.50, 0.00001, 0.000015, 12345678901234567890]')).toBe(
      '[62.0, 1.50, 1e-05, 1.5e-05, 12345678901234567890]',
    );
  });
});

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
    const source = defineSource({ id: 'one', store: 'one', table: 'one', columns: [column('text')] });
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
