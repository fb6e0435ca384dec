import type { Ranked } from '../port.ts';

/**
 * Where a UTF-16 unit stands among the bytes of UTF-8: halves of surrogate pairs, which stand for the characters from
 * U+10000 on, come after all others.
 */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** The order of two texts by the bytes of their UTF-8: negative, 0 or positive. */
export function compareTexts(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** The order of members of a ranking, the lowest first: by score, those of equal score by id. */
export function compareRanked(a: Ranked, b: Ranked): number {
  // Not by subtraction: two doubles of opposite sign may be further apart than any double.
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  return compareTexts(a.id, b.id);
}
