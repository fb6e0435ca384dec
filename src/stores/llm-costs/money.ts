import { Decimal } from 'decimal.js';

/** Decimal arithmetic that rounds nothing here: counts of 16 digits times prices of as many, summed. */
export const Exact = Decimal.clone({ precision: 120 });
export type Exact = Decimal;

/** As PostgreSQL reads a numeric: no exponent. */
export function moneyText(amount: Exact): string {
  return amount.toFixed();
}
