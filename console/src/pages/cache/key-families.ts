export interface Family {
  prefix: string;
  keys: number;
}

/** Keys counted by their first part, the largest family first; a key without a colon is its own. */
export function familiesOf(keys: readonly string[]): Family[] {
  const counts = new Map<string, number>();
  for (const key of new Set(keys)) {
    const end = key.indexOf(':');
    const prefix = end === -1 ? key : key.slice(0, end + 1);
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  return [...counts]
    .map(([prefix, count]) => ({ prefix, keys: count }))
    .sort((left, right) => right.keys - left.keys || left.prefix.localeCompare(right.prefix));
}
