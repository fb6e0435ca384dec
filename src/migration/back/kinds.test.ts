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
import type { Column } from '../source.ts';
import { defineSource } from '../source.ts';
import { JsonFormLearner } from './json-form.ts';
import { loadedAs, type OldValue, sameLoaded } from './loaded.ts';
import { learnStyle, type TableStyle } from './style.ts';
import { TableBack, TableLayout } from './table-back.ts';
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

  it('money that no double holds', () => {
    expect(thereAndBack(column('money'), 2n ** 53n + 1n)).toBe(2n ** 53n + 1n);
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

  it('at the end of the calendar are given in an offset in which their year has four digits', () => {
    const form = { separator: ' ', suffix: '', digits: 6, always: false } as const;
    const late = BigInt(Date.UTC(9999, 11, 31, 23, 59, 58)) * 1000n;
    expect(writeTime(late, form, 'Asia/Kolkata', null)).toBe('9999-12-31T23:59:58+00:00');
    expect(writeTime(late + 28_800_000_000n, form, 'UTC', null)).toBe('9999-12-31T15:59:58-16:00');
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
    expect(spell(['{"a": "é"}'], '{"a": "\u007f\\n\\u0001"}')).toBe('{"a": "\u007f\\n\\u0001"}');
    expect(spell(['{"a": "\\u00e9"}'], '{"a": "ü\u007f"}')).toBe('{"a": "\\u00fc\\u007f"}');
  });

  it('and numbers are those of Python', () => {
    expect(spell(['{"a": 1}'], '[62.0, 1.50, 0.00001, 0.000015, 12345678901234567890]')).toBe(
      '[62.0, 1.50, 1e-05, 1.5e-05, 12345678901234567890]',
    );
  });
});
