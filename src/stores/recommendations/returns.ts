/**
 * The return in % from one price to another; of a SHORT, what fell is won. Null where there is no entry price, or one so
 * close to 0 that no number holds the return: old rows may have any.
 */
export function returnPct(direction: string, entry: number | null, exit: number): number | null {
  if (entry === null || !Number.isFinite(entry) || entry <= 0) return null;
  const change = ((exit - entry) / entry) * 100;
  if (!Number.isFinite(change)) return null;
  // 0 - change: a SHORT that did not move has won 0, not -0.
  return direction === 'SHORT' ? 0 - change : change;
}
