import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareTexts } from './order.ts';
import { Ranking } from './ranking.ts';

describe('the order of texts', () => {
  it('is that of the bytes of their UTF-8', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareTexts(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      {
        numRuns: 300,
        examples: [
          ['\uffee', '\u{1f4b9}'],
          ['\ud7ff', '\ue000'],
          ['a', 'ab'],
          ['', ''],
        ],
      },
    );
  });
});

describe('a ranking', () => {
  const member = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    score: fc.double({ noNaN: true, noDefaultInfinity: true }),
  });
  const step = fc.oneof(
    member.map((put) => ({ put })),
    member.map(({ id }) => ({ remove: id })),
    fc.nat(5).map((keep) => ({ keep })),
  );

  it('is sorted whatever was done to it, and has no bytes when it is empty', () => {
    fc.assert(
      fc.property(fc.array(member), fc.array(step, { maxLength: 60 }), (first, steps) => {
        const ranking = new Ranking(first);
        for (const one of steps) {
          if ('put' in one) ranking.put(one.put);
          else if ('remove' in one) ranking.remove(one.remove);
          else ranking.keep(one.keep);
          expect(ranking.all()).toEqual(new Ranking(ranking.all()).all());
          expect(ranking.highest(2)).toEqual(ranking.all().reverse().slice(0, 2));
          expect(ranking.lowest(2)).toEqual(ranking.all().slice(0, 2));
          expect(ranking.bytes).toBe(new Ranking(ranking.all()).bytes);
        }
        ranking.keep(0);
        expect([ranking.all(), ranking.bytes]).toEqual([[], 0]);
      }),
    );
  });
});
