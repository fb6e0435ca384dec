import { ENTRY_FAMILY, type HotTier, keyPart, partOf } from '../../tiers/hot/index.ts';
import type { Cache } from '../../tiers/tiered/index.ts';
import { isHotError } from '../../tiers/hot/index.ts';
import type { Entry } from './entry.ts';

/**
 * Drops every fresh entry whose key begins so. Redis tells all processes of each. It walks the keys of Redis, all of them: about a second
 * a million. A fetch under way has its claim in Redis under the key, so its fill is refused.
 *
 * @returns whether Redis acknowledged it; when it is away, the whole namespace is not believed any more until it was dropped
 */
export async function dropPrefix(hot: HotTier, fresh: Cache<Entry>, prefix: string): Promise<boolean> {
  const base = `${hot.prefix}${ENTRY_FAMILY}${keyPart(fresh.name)}:`;
  try {
    let acknowledged = true;
    let cursor: string | undefined;
    do {
      const page = await hot.scan(base + keyPart(prefix), cursor);
      const keys = page.keys.flatMap((key) => {
        const rest = key.slice(base.length);
        // What begins with another separator are the marks of the namespace.
        return rest.startsWith(':') ? [] : [partOf(rest)];
      });
      if (keys.length > 0) acknowledged = (await fresh.delete(...keys)) && acknowledged;
      cursor = page.cursor;
    } while (cursor !== undefined);
    return acknowledged;
  } catch (error) {
    if (!isHotError(error)) throw error;
    return fresh.clear();
  }
}
