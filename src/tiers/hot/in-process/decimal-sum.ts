import { Decimal } from 'decimal.js';

/** More digits than the sum of any two texts of the form below has: sums are exact, and written without an exponent. */
const Exact = Decimal.clone({ precision: 1_000_000 });
/** Decimal text; an exponent of more digits could make a sum of any length. */
const form = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;

export function isDecimal(text: string): boolean {
  return form.test(text);
}

/** The exact sum of two decimal texts, without an exponent and without zeros at its end. */
export function decimalSum(a: string, b: string): string {
  return new Exact(a).plus(b).toFixed();
}
