import { atOnce } from '../../core/at-once.ts';
import { pause } from '../../core/wait.ts';
import type { DurableTier } from '../durable/index.ts';
import type { HotTier, ProjectionContent } from '../hot/index.ts';
import { beginningOf } from './view.ts';
import type { BoundView } from './views.ts';

/** A key that does not hold what PostgreSQL has. */
export interface ViewDifference {
  readonly key: string;
  readonly expected: ProjectionContent | undefined;
  readonly found: ProjectionContent;
}

export interface ViewReport {
  readonly store: string;
  readonly pattern: string;
  readonly keys: number;
  readonly differences: ViewDifference[];
}

/** A key that differs is looked at again: a write may be on its way. */
const LOOKS = 4;
const LOOK_AGAIN_MS = 100;
/** Keys that are looked at or built at once: a key waits for each tier several times, and others are built meanwhile. */
const KEYS_AT_ONCE = 8;
const lanesOf = ({ concurrency }: DurableTier): number => Math.min(KEYS_AT_ONCE, concurrency);

/** Compares every key of a view that stands in Redis with PostgreSQL. @throws StockroomError HOT_UNAVAILABLE, HOT_TIMEOUT */
export async function verifyView(
  hot: HotTier,
  durable: DurableTier,
  bound: BoundView<unknown>,
): Promise<ViewReport> {
  const { store, pattern } = bound.view;
  const differences: ViewDifference[] = [];
  let keys = 0;
  await atOnce(lanesOf(durable), standing(hot, bound), async ([key, id]) => {
    const difference = await compareKey(hot, durable, bound, [key, id]);
    keys += 1;
    if (difference !== undefined) differences.push(difference);
  });
  return { store, pattern, keys, differences };
}

/** Builds what stands in Redis anew, and what is worth having there. @returns how many keys */
export async function rebuildView(
  hot: HotTier,
  durable: DurableTier,
  bound: BoundView<unknown>,
): Promise<number> {
  const ids = new Map<string, unknown>();
  for await (const [key, id] of standing(hot, bound)) ids.set(key, id);
  for (const id of await bound.view.recent(durable)) ids.set(bound.fullKey(id), id);
  await atOnce(lanesOf(durable), ids.values(), (id) => bound.refresh(id));
  return ids.size;
}

/** The keys of a view that stand in Redis. */
export async function* standing(
  hot: HotTier,
  { view }: BoundView<unknown>,
): AsyncGenerator<[key: string, id: unknown]> {
  let cursor: string | undefined;
  do {
    const page = await hot.scan(hot.prefix + beginningOf(view.pattern), cursor);
    for (const key of page.keys) {
      const id = view.idOf(key.slice(hot.prefix.length));
      if (id !== undefined) yield [key, id];
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/**
 * A key against PostgreSQL, as often as a write may be on its way.
 * @returns undefined where they agree, or the key is gone meanwhile
 */
export async function compareKey(
  hot: HotTier,
  durable: DurableTier,
  { view }: BoundView<unknown>,
  [key, id]: readonly [key: string, id: unknown],
): Promise<ViewDifference | undefined> {
  for (let looks = 1; ; looks += 1) {
    const found = await hot.projections.read(key);
    // Gone since the scan, or not believed: nobody reads it.
    if (found === undefined) return undefined;
    const expected = (await view.build(durable, id))?.content;
    if (expected !== undefined && canonical(expected) === canonical(found)) return undefined;
    if (looks === LOOKS) return { key, expected, found };
    await pause(LOOK_AGAIN_MS);
  }
}

/** As text, whatever the order of members and fields. */
function canonical(content: ProjectionContent): string {
  switch (content.kind) {
    case 'text':
      return content.text;
    case 'hash':
      return JSON.stringify(Object.entries(content.fields).sort(([a], [b]) => (a < b ? -1 : 1)));
    case 'set':
      return JSON.stringify(content.members.toSorted());
    case 'ranking':
      return JSON.stringify(
        content.members
          .map(({ id, score }) => [id, score])
          .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      );
  }
}
