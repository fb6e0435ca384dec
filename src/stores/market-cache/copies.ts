import type { DurableTier } from '../../tiers/durable/index.ts';
import type { JsonValue } from '../../tiers/state/index.ts';
import { COPY_LIFE_MS, type Entry } from './entry.ts';
import { DEFAULT_MARKET, legacyName, type Market } from './names.ts';

/** Copies of this store in `hot_state`, by key. */
const FAMILY = 'market-cache';
/** Files of the old application's cache, by their name, as the migration loaded them. */
const LEGACY_FAMILY = 'cache';
const BATCH_MAX = 200;
const BATCH_MAX_CHARACTERS = 8_000_000;

/** Begins the id of a copy that is a file of the old application. */
const MIGRATED = 'migrated ';

interface Body {
  readonly id: string;
  readonly value: JsonValue;
  readonly market: Market;
  readonly tags: readonly string[];
}

interface CopyRow {
  family: string;
  key: string;
  value: unknown;
  created_at: string;
}

export interface CopyFigures {
  readonly copies: number;
  readonly migrated: number;
  readonly oldest: string | null;
  readonly newest: string | null;
}

export interface RemovedCopies {
  readonly own: number;
  readonly migrated: number;
}

interface Waiting {
  readonly body: string;
  readonly cachedAt: number;
  readonly done: ((error?: unknown) => void)[];
}

/**
 * The copies that outlive Redis: rows of `hot_state`. The last write of a key wins. Errors are those of the durable tier.
 * Writes in flight share a statement, of each key the newest.
 */
export class Copies {
  readonly #durable: DurableTier;
  #waiting = new Map<string, Waiting>();
  #writing: Promise<void> | undefined;

  constructor(durable: DurableTier) {
    this.#durable = durable;
  }

  /**
   * The newest copy of a key that is not too old: of this store, or the file of the old application that such a key was kept in.
   * @param asOf only what was stored by then
   */
  async read(key: string, now: number, asOf: Date | null): Promise<Entry | undefined> {
    const { rows } = await this.#durable.query<CopyRow>(
      `select family, key, value, created_at from hot_state
       where ((family = '${FAMILY}' and key = $1) or (family = '${LEGACY_FAMILY}' and key = $2)) and not deleted
         and created_at > $3::timestamptz and ($4::timestamptz is null or created_at <= $4::timestamptz)
       order by created_at desc limit 1`,
      [key, legacyName(key), new Date(now - COPY_LIFE_MS), asOf],
    );
    return rows[0] === undefined ? undefined : entryOf(rows[0]);
  }

  /** Resolves when PostgreSQL has it, or something newer that was written here. */
  write(key: string, { id, value, market, tags, cachedAt }: Entry): Promise<void> {
    const body = JSON.stringify({ id, value, market, tags } satisfies Body);
    return new Promise((resolve, reject) => {
      const done = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      const before = this.#waiting.get(key)?.done ?? [];
      this.#waiting.set(key, { body, cachedAt, done: [...before, done] });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Resolves when nothing waits to be written any more. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async remove(key: string): Promise<RemovedCopies> {
    return this.#removeWhere('key = $1', key);
  }

  /** Removes the copy that an entry left, unless another has taken its place. */
  async removeEntry(key: string, id: string): Promise<void> {
    await this.#durable.query(
      `delete from hot_state where family = '${FAMILY}' and key = $1 and value ->> 'id' = $2`,
      [key, id],
    );
  }

  async removeTagged(tag: string): Promise<RemovedCopies> {
    const { count } = await this.#durable.query(
      `delete from hot_state where family = '${FAMILY}' and value -> 'tags' ? $1`,
      [tag],
    );
    return { own: count, migrated: 0 };
  }

  async removePrefix(prefix: string): Promise<RemovedCopies> {
    return this.#removeWhere('key >= $1 and starts_with(key, $1)', prefix);
  }

  async removeAll(): Promise<RemovedCopies> {
    return this.#removeWhere('true');
  }

  async figures(now: number): Promise<CopyFigures> {
    const { rows } = await this.#durable.query<{
      copies: bigint;
      migrated: bigint;
      oldest: string | null;
      newest: string | null;
    }>(
      `select count(*) as copies, count(*) filter (where family = '${LEGACY_FAMILY}') as migrated,
         min(created_at) as oldest, max(created_at) as newest
       from hot_state where family in ('${FAMILY}', '${LEGACY_FAMILY}') and not deleted
         and created_at > $1::timestamptz`,
      [new Date(now - COPY_LIFE_MS)],
    );
    const { copies, migrated, oldest, newest } = rows[0]!;
    return { copies: Number(copies), migrated: Number(migrated), oldest, newest };
  }

  /** A migrated row stays, marked: what was loaded can still be compared with its file. */
  async #removeWhere(condition: string, text?: string): Promise<RemovedCopies> {
    return this.#durable.transaction(async (session) => {
      const deleted = await session.query(
        `delete from hot_state where family = '${FAMILY}' and ${condition}`,
        text === undefined ? [] : [text],
      );
      const marked = await session.query(
        `update hot_state set deleted = true, version = version + 1
         where family = '${LEGACY_FAMILY}' and not deleted and ${condition}`,
        text === undefined ? [] : [legacyName(text)],
      );
      return { own: deleted.count, migrated: marked.count };
    });
  }

  async #writeAll(): Promise<void> {
    // What is asked for in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = this.#nextBatch();
      let failure: unknown;
      try {
        await this.#writeBatch(batch);
      } catch (error) {
        failure = error;
      }
      for (const [, { done }] of batch) for (const one of done) one(failure);
    }
    this.#writing = undefined;
  }

  #nextBatch(): [string, Waiting][] {
    const batch: [string, Waiting][] = [];
    let characters = 0;
    for (const [key, waiting] of this.#waiting) {
      characters += waiting.body.length;
      if (batch.length > 0 && (batch.length >= BATCH_MAX || characters > BATCH_MAX_CHARACTERS)) break;
      batch.push([key, waiting]);
      this.#waiting.delete(key);
    }
    // In one order everywhere, so that two processes cannot wait for each other.
    return batch.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  async #writeBatch(batch: readonly [string, Waiting][]): Promise<void> {
    const time = (ms: number): string => new Date(ms).toISOString();
    await this.#durable.query(
      `insert into hot_state as kept (family, key, value, created_at, expires_at)
       select '${FAMILY}', key, body::jsonb, cached_at, expires_at
       from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) as item (key, body, cached_at, expires_at)
       on conflict (family, key) do update set value = excluded.value, created_at = excluded.created_at,
         expires_at = excluded.expires_at, version = kept.version + 1, deleted = false`,
      [
        batch.map(([key]) => key),
        batch.map(([, { body }]) => body),
        batch.map(([, { cachedAt }]) => time(cachedAt)),
        batch.map(([, { cachedAt }]) => time(cachedAt + COPY_LIFE_MS)),
      ],
    );
  }
}

function entryOf({ family, key, value, created_at }: CopyRow): Entry {
  const cachedAt = Date.parse(created_at);
  const body =
    family === FAMILY
      ? (value as Body)
      : { id: `${MIGRATED}${key}`, value: value as JsonValue, market: DEFAULT_MARKET, tags: [] };
  return { ...body, cachedAt, freshUntil: cachedAt, copy: true };
}

export function isMigrated({ id }: Entry): boolean {
  return id.startsWith(MIGRATED);
}
