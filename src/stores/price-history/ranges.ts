/** Half-open: `from` is in, `to` is not. Milliseconds since 1970. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** In order, without overlap, those that touch as one. */
export function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    if (range.from >= range.to) continue;
    const last = result.at(-1);
    if (last === undefined || range.from > last.to) result.push({ from: range.from, to: range.to });
    else if (range.to > last.to) result[result.length - 1] = { from: last.from, to: range.to };
  }
  return result;
}

/** What of `whole` is in none of `parts`. */
export function without(whole: Range, parts: readonly Range[]): Range[] {
  const result: Range[] = [];
  let { from } = whole;
  for (const part of merged(parts)) {
    if (part.to <= from) continue;
    if (part.from >= whole.to) break;
    if (part.from > from) result.push({ from, to: part.from });
    from = part.to;
  }
  if (from < whole.to) result.push({ from, to: whole.to });
  return result;
}

/** The parts of the ranges that lie in `bounds`. */
export function clipped<R extends Range>(ranges: readonly R[], bounds: Range): R[] {
  return ranges
    .filter(({ from, to }) => from < bounds.to && to > bounds.from)
    .map((range) => ({
      ...range,
      from: Math.max(range.from, bounds.from),
      to: Math.min(range.to, bounds.to),
    }));
}

export function overlap(a: Range, b: Range): boolean {
  return a.from < b.to && b.from < a.to;
}
