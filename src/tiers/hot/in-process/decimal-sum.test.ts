import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { exactNumber } from '../../../../test/support/decimals.ts';
import { decimalSum, isDecimal } from './decimal-sum.ts';

it('adds decimals of any length exactly', () => {
  const scaled = fc.tuple(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), fc.nat(40));
  fc.assert(
    fc.property(scaled, scaled, ([a, aScale], [b, bScale]) => {
      const scale = Math.max(aScale, bScale);
      const sum = a * 10n ** BigInt(scale - aScale) + b * 10n ** BigInt(scale - bScale);
      const found = decimalSum(`${a}e-${aScale}`, `${b}e-${bScale}`);
      expect(found).toMatch(/^-?\d+(\.\d*[1-9])?$/);
      expect(exactNumber(found)).toBe(exactNumber(`${sum}e-${scale}`));
    }),
  );
  expect(decimalSum('0.1', '0.2')).toBe('0.3');
  expect(decimalSum('1e21', '1')).toBe('1000000000000000000001');
  expect(decimalSum('0.00', '-0')).toBe('0');
});

it.each([
  '',
  ' ',
  '1 ',
  '.',
  '-',
  'abc',
  'NaN',
  'Infinity',
  '0x10',
  '1,5',
  '1e',
  '1e1000',
  '1_000',
  '--1',
  '1.2.3',
])('does not take %j for a decimal', (text) => {
  expect(isDecimal(text)).toBe(false);
});

it.each(['0', '-1', '+1.50', '.5', '5.', '1e-7', '1E+20', '00012'])('takes %j for a decimal', (text) => {
  expect(isDecimal(text)).toBe(true);
});
