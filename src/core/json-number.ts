/**
 * A whole number for JSON: a number while a double holds it exactly, else its decimal digits as a string. A reader in
 * any language gets the value that PostgreSQL holds, never a neighbour of it.
 */
export function jsonInteger(value: bigint | string): number | string {
  const exact = BigInt(value);
  const near = Number(exact);
  return Number.isSafeInteger(near) ? near : exact.toString();
}

export function jsonIntegerOrNull(value: bigint | string | null): number | string | null {
  return value === null ? null : jsonInteger(value);
}

/** JSON has no NaN and no infinity: null, as every reader takes them. */
export function jsonDouble(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
