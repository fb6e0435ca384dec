import type { HotTier } from '../tiers/hot/index.ts';

/** What begins two words long; what else there is goes by its first word, since the second is an id. */
const twoWords = new Set([
  'llm:daily',
  'llm:requests',
  'llm:request',
  'llm:model',
  'rec:symbol',
  'rec:unevaluated',
  'rec:run',
  'picks:latest',
  'picks:runs',
  'picks:run',
  'context:analysis',
  'context:memory',
  'context:user',
  'context:learning',
  'hist:meta',
  'scores:global',
  'scores:cache_timestamp',
]);
/** Keys of other programs under our prefix may be of any number of families. */
const FAMILIES_MAX = 100;
const OTHER = '(other)';
/** Keys of others are looked at as well: on a server with very many of them the scan ends here. */
const SCAN_MS = 30_000;

export interface KeyCount {
  readonly families: readonly { readonly family: string; readonly keys: number }[];
  readonly keys: number;
  /** False: there are more, which were not counted. */
  readonly complete: boolean;
}

/** The family of a key without its prefix: `llm:daily`, `rec`, or `c:NAMESPACE` for entries of the two-tier cache. */
export function familyOf(key: string): string {
  const [first = '', second] = key.split(':', 2);
  if (second === undefined) return first;
  const both = `${first}:${second}`;
  return first === 'c' || twoWords.has(both) ? both : first;
}

/** Counts the keys under the prefix of the tier, up to `max` of them. @throws what the tier's `scan` does */
export async function countKeys(
  { scan, prefix }: Pick<HotTier, 'scan' | 'prefix'>,
  max: number,
  onProgress: (keys: number) => void,
): Promise<KeyCount> {
  const until = performance.now() + SCAN_MS;
  // One that stays during the whole scan may be given more than once.
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  let cursor: string | undefined;
  let complete = false;
  let cut = false;
  while (!complete && seen.size < max && performance.now() < until) {
    const page = await scan(prefix, cursor);
    for (const key of page.keys) {
      if (seen.has(key)) continue;
      cut = seen.size >= max;
      if (cut) break;
      seen.add(key);
      const family = familyOf(key.slice(prefix.length));
      const counted = counts.has(family) || counts.size < FAMILIES_MAX ? family : OTHER;
      counts.set(counted, (counts.get(counted) ?? 0) + 1);
    }
    cursor = page.cursor;
    complete = cursor === undefined && !cut;
    onProgress(seen.size);
  }
  const families = [...counts].map(([family, keys]) => ({ family, keys }));
  families.sort((one, other) => other.keys - one.keys || (one.family < other.family ? -1 : 1));
  return { families, keys: seen.size, complete };
}
