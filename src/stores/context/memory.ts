import { StockroomError } from '../../core/errors.ts';
import { jsonInteger } from '../../core/json-number.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { jsonText } from '../../tiers/state/json.ts';
import type { Changes, Views } from '../../tiers/views/index.ts';
import { checked } from './fields.ts';
import type { ContextViews, MemoryId } from './keys.ts';
import { lockFor } from './lock.ts';
import { type MemoryRow, memoryRow } from './memory-rows.ts';
import {
  type MemoryEntry,
  type MemoryKey,
  memoryParams,
  type MemoryPut,
  memoryPut,
  type Version,
} from './schema.ts';
import type { Time } from './time.ts';

const VALUE_MAX_CHARACTERS = 4_000_000;
/** At most so often does a write also remove rows that are over. */
const SWEEP_EVERY_MS = 60_000;
const SWEEP_MAX = 1_000;
/** A row that is over stays for so long, for clocks that differ. */
const SWEEP_AFTER = '1 minute';

export interface Memory {
  /**
   * Writes a value that lives for `ttl_seconds` (an hour by default). With `expected_version` only while that version stands
   * there, which PostgreSQL decides; 0: only while nothing does.
   * @throws StockroomError CONFLICT with the version that stands there in `details.version`, INVALID_INPUT
   */
  put(type: string, key: string, put: MemoryPut): Promise<MemoryEntry>;
  /** The value alone, from Redis where it stands there. @throws StockroomError NOT_FOUND */
  get(type: string, key: string): Promise<unknown>;
  /** With its version and times, from PostgreSQL. @throws StockroomError NOT_FOUND */
  entry(type: string, key: string): Promise<MemoryEntry>;
  /** @throws StockroomError NOT_FOUND, CONFLICT */
  remove(type: string, key: string, options?: { expected_version?: Version | undefined }): Promise<void>;
  /** The keys of a type that have a value, in their order; `cursor` is the `next_cursor` of the page before. */
  keys(
    type: string,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<{ items: MemoryKey[]; next_cursor: string | null }>;
  /** Removes rows that are over. Writes do it now and then. @returns how many */
  sweep(): Promise<number>;
}

export function createMemory(durable: DurableTier, all: Views, views: ContextViews, time: Time) {
  let lastSweep = performance.now();
  let sweeping: Promise<unknown> = Promise.resolve();

  /** In one transaction, alone with the key. */
  async function write<T>(
    id: MemoryId,
    work: (session: Session, standing: MemoryRow | undefined, now: string | null) => Promise<T>,
  ): Promise<T> {
    let changes: Changes | undefined;
    const result = await durable.transaction(async (session) => {
      changes = all.changes();
      const now = time.now();
      const locked = lockFor(session, 'context_memory', id.type, id.key);
      const [standing] = await Promise.all([memoryRow(session, id, now), locked]);
      const done = await work(session, standing, now);
      changes.refresh(views.memory, id);
      changes.note(session);
      return done;
    });
    await changes?.apply();
    return result;
  }

  const memory: Memory = {
    async put(type, key, given) {
      const id = checked(memoryParams, { type, key });
      const { value, ttl_seconds, expected_version } = checked(memoryPut, given);
      const text = jsonText(value, 'value', VALUE_MAX_CHARACTERS);
      const row = await write(id, async (session, standing, now) => {
        refuseOther(id, standing, expected_version);
        return insert(session, id, { text, ttl: ttl_seconds, now, after: standing?.created_at ?? null });
      });
      if (performance.now() - lastSweep > SWEEP_EVERY_MS) sweeping = memory.sweep().catch(laterThen);
      return entryOf(id, row);
    },

    async get(type, key) {
      const content = await views.memory.read({ type, key });
      if (content?.kind !== 'text') throw notThere({ type, key });
      return JSON.parse(content.text) as unknown;
    },

    async entry(type, key) {
      const row = await memoryRow(durable, { type, key }, time.now());
      if (row === undefined || !row.alive) throw notThere({ type, key });
      return entryOf({ type, key }, row);
    },

    async remove(type, key, { expected_version } = {}) {
      const id = checked(memoryParams, { type, key });
      await write(id, async (session, standing, now) => {
        if (standing === undefined || !standing.alive) throw notThere(id);
        refuseOther(id, standing, expected_version);
        await removeRows(session, id, now, standing.created_at);
      });
    },

    keys: (type, page) => listKeys(durable, type, page, time.now()),

    async sweep() {
      lastSweep = performance.now();
      return sweepRows(durable, time.now());
    },
  };
  return {
    memory,
    async close(): Promise<void> {
      await sweeping;
    },
  };
}

/** PostgreSQL is away, which its own callers learn: a later write sweeps. */
function laterThen(): void {}

interface Insert {
  readonly text: string;
  readonly ttl: number;
  readonly now: string | null;
  /** The row comes after this time, whatever the clocks say. */
  readonly after: string | null;
}

/** Rows of our own that it takes the place of go; migrated ones stay, for the migration proves them again. */
async function insert(session: Session, { type, key }: MemoryId, row: Insert): Promise<MemoryRow> {
  const { rows } = await session.query<MemoryRow>(
    `with given as (select coalesce($5::timestamptz, clock_timestamp()) as now),
       gone as (delete from context_memory where context_type = $1 and key = $2 and legacy_source is null)
     insert into context_memory (context_type, key, value, ttl, created_at, expires_at)
     select $1, $2, $3::jsonb, $4::bigint, greatest(now, $6::timestamptz + interval '1 microsecond'),
       now + make_interval(secs => $4::bigint) from given
     returning id, value, created_at, expires_at, true as alive`,
    [type, key, row.text, row.ttl, row.now, row.after],
  );
  return rows[0]!;
}

/** Where a migrated row has to stay, a newer one that is over already says that nothing stands there. */
async function removeRows(
  session: Session,
  { type, key }: MemoryId,
  now: string | null,
  after: string | null,
): Promise<void> {
  await session.query(
    `with given as (select coalesce($3::timestamptz, clock_timestamp()) as now),
       gone as (delete from context_memory where context_type = $1 and key = $2 and legacy_source is null)
     insert into context_memory (context_type, key, ttl, created_at, expires_at)
     select $1, $2, 0, greatest(now, $4::timestamptz + interval '1 microsecond'), now from given
     where exists (select from context_memory where context_type = $1 and key = $2 and legacy_source is not null)`,
    [type, key, now, after],
  );
}

type KeyRow = Omit<MemoryRow, 'value'> & { readonly key: string };
/** Of one statement. */
const KEYS_LOOKED_MAX = 10_000;

async function listKeys(
  durable: DurableTier,
  type: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  now: string | null,
): Promise<{ items: MemoryKey[]; next_cursor: string | null }> {
  const found: KeyRow[] = [];
  let after = cursor === undefined ? '' : keyOfCursor(cursor);
  // Keys that are over are looked at and not shown: sweeping leaves few of them.
  for (let looked = limit + 1; found.length <= limit; looked = Math.min(2 * looked, KEYS_LOOKED_MAX)) {
    const { rows } = await durable.query<KeyRow>(
      `select distinct on (key) key, id, created_at, expires_at,
         (expires_at is null or expires_at > coalesce($3::timestamptz, clock_timestamp())) as alive
       from context_memory where context_type = $1 and key > $2
       order by key, created_at desc nulls last, id desc limit $4`,
      [type, after, now, looked],
    );
    found.push(...rows.filter(({ alive }) => alive));
    if (rows.length < looked) break;
    after = rows.at(-1)!.key;
  }
  const items = found.slice(0, limit).map(({ key, id, created_at, expires_at }) => ({
    type,
    key,
    version: jsonInteger(id),
    created_at,
    expires_at,
  }));
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, next_cursor: more ? Buffer.from(last.key).toString('base64url') : null };
}

function keyOfCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (Buffer.from(key).toString('base64url') === cursor && !key.includes('\0')) return key;
  throw new StockroomError('INVALID_INPUT', 'cursor: expected the next_cursor of the page before');
}

/** A row that is over still hides a migrated one that is not. */
async function sweepRows(durable: DurableTier, now: string | null): Promise<number> {
  const { count } = await durable.query(
    `with given as (select coalesce($1::timestamptz, clock_timestamp()) as now)
     delete from context_memory where id in (
       select over.id from context_memory over, given
       where over.legacy_source is null and over.expires_at < now - interval '${SWEEP_AFTER}'
         and not exists (
           select from context_memory old
           where old.context_type = over.context_type and old.key = over.key and old.legacy_source is not null
             and (old.expires_at is null or old.expires_at > now))
       order by over.expires_at limit $2)`,
    [now, SWEEP_MAX],
  );
  return count;
}

function entryOf({ type, key }: MemoryId, { id, value, created_at, expires_at }: MemoryRow): MemoryEntry {
  return { type, key, value, version: jsonInteger(id), created_at, expires_at };
}

function refuseOther(id: MemoryId, standing: MemoryRow | undefined, expected: Version | undefined): void {
  if (expected === undefined) return;
  const present = standing?.alive === true ? standing.id : 0n;
  if (BigInt(expected) === present) return;
  const found = present === 0n ? 'nothing stands there' : `it has version ${present}`;
  throw new StockroomError(
    'CONFLICT',
    `${nameOf(id)}: expected version ${expected}, but ${found}; read it again and decide anew`,
    { details: { version: jsonInteger(present) } },
  );
}

function notThere(id: MemoryId): StockroomError {
  return new StockroomError('NOT_FOUND', `There is no ${nameOf(id)}, or its life is over`);
}

function nameOf({ type, key }: MemoryId): string {
  return `memory ${JSON.stringify(key)} of the type ${JSON.stringify(type)}`;
}
