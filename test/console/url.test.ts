import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiPath, changed, hashOf, placeOf } from '../../console/src/lib/url.ts';

describe('the address of a page of the console', () => {
  it('holds the page and its filters', () => {
    expect(placeOf('#/spend?days=90&model=a%26b')).toEqual({
      page: 'spend',
      query: { days: '90', model: 'a&b' },
    });
    expect(placeOf('')).toEqual({ page: '', query: {} });
    expect(placeOf('#/picks?run=nifty50:Swing:2026-11-20T09:00:00.5')).toEqual({
      page: 'picks',
      query: { run: 'nifty50:Swing:2026-11-20T09:00:00.5' },
    });
  });

  it('is read back as it was written, whatever the filters are', () => {
    const query = fc.dictionary(
      fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => name !== '__proto__'),
      fc.string({ minLength: 1, unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(query, (given) => {
        expect(placeOf(hashOf({ page: 'picks', query: given }))).toEqual({
          page: 'picks',
          query: { ...given },
        });
      }),
    );
  });

  it('never fails on what somebody typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(placeOf(text).page).toMatch(/^[a-z-]*$/);
      }),
    );
  });

  it('leaves out what is empty', () => {
    const place = { page: 'spend', query: { days: '30', model: 'x' } };
    expect(hashOf(changed(place, { days: '', model: undefined }))).toBe('#/spend');
    expect(changed(place, { days: '7' }).query).toEqual({ days: '7', model: 'x' });
    expect(apiPath('/v1/x', { a: 'M&M', b: '', c: undefined, n: 5 })).toBe('/v1/x?a=M%26M&n=5');
    expect(apiPath('/v1/x')).toBe('/v1/x');
  });
});
