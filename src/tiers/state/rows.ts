import type { DurableTier } from '../durable/index.ts';
import type { Content, Name } from './state.ts';

/** The last millisecond that PostgreSQL reads without a sign: the end of the year 9999. */
const TIME_MAX_MS = 253_402_300_799_999;
const MICROS = '(extract(epoch from clock_timestamp()) * 1000000)::bigint';
const LIVE = '(not deleted and (expires_at is null or expires_at > $3::timestamptz))';

/** A state and its name, to be written. */
export interface Write {
  readonly name: Name;
  readonly content: Content;
}

const ITEMS = `
  select family, key, body::jsonb as value, timestamptz 'epoch' + version * interval '1 microsecond' as created_at,
    expires_at, version, deleted
  from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::boolean[])
    as item (family, key, body, expires_at, version, deleted)`;

function insert(from: string, version: string): string {
  return `
  insert into hot_state as kept (family, key, value, created_at, expires_at, version, deleted)
  select family, key, value, created_at, expires_at, version, deleted from ${from} as item
  on conflict (family, key) do update set
    value = case when kept.version = excluded.version then kept.value else excluded.value end,
    created_at = case when kept.version = excluded.version then kept.created_at else excluded.created_at end,
    expires_at = excluded.expires_at, deleted = excluded.deleted, version = ${version}`;
}

/** The higher version wins; of the same one, whose value is the same, the longer life. */
const WRITE_BEHIND = `${insert(`(${ITEMS})`, 'excluded.version')}
  where kept.version < excluded.version or (
    kept.version = excluded.version and not kept.deleted and not excluded.deleted
    and (excluded.expires_at is null or excluded.expires_at > kept.expires_at) and kept.expires_at is not null)
  returning family, key, ${MICROS} as micros`;

/** The last writer wins: there is no other place that could have decided. The row before tells whether it was live. */
const WRITE_THROUGH = `
  with item as (${ITEMS}),
  live as (
    select family, key from hot_state join item using (family, key)
    where not hot_state.deleted and (hot_state.expires_at is null or hot_state.expires_at > $7::timestamptz)
  ),
  written as (${insert('item', 'greatest(kept.version + 1, excluded.version)')}
    returning family, key, version)
  select version, live.key is not null as live, ${MICROS} as micros
  from written left join live using (family, key)`;

/** `hot_state` in PostgreSQL. Errors are those of the durable tier. */
export class Rows {
  readonly #durable: DurableTier;
  readonly #told: (micros: number) => void;

  /** @param told is given PostgreSQL's clock in microseconds, with every answer that has it */
  constructor(durable: DurableTier, told: (micros: number) => void) {
    this.#durable = durable;
    this.#told = told;
  }

  /** @returns for each write whether PostgreSQL took it; what it did not take is not above what it has */
  async writeBehind(writes: readonly Write[]): Promise<boolean[]> {
    const { rows } = await this.#durable.query<{ family: string; key: string; micros: bigint }>(
      WRITE_BEHIND,
      columnsOf(writes),
    );
    if (rows[0] !== undefined) this.#told(Number(rows[0].micros));
    const taken = new Set(rows.map(({ family, key }) => JSON.stringify([family, key])));
    return writes.map(({ name: { family, key } }) => taken.has(JSON.stringify([family, key])));
  }

  /** Writes them above whatever is there. @returns the highest version, and whether a live value was there before */
  async writeThrough(
    writes: readonly Write[],
    nowMs: number,
  ): Promise<{ version: number; wasLive: boolean }> {
    const { rows } = await this.#durable.query<{ version: bigint; live: boolean; micros: bigint }>(
      WRITE_THROUGH,
      [...columnsOf(writes), timeText(nowMs)],
    );
    this.#told(Number(rows[0]!.micros));
    return {
      version: Math.max(...rows.map(({ version }) => Number(version))),
      wasLive: rows.some(({ live }) => live),
    };
  }

  async read({ family, key }: Name): Promise<Content | undefined> {
    const { rows } = await this.#durable.query<StoredRow>(
      `select ${STORED} from hot_state where family = $1 and key = $2`,
      [family, key],
    );
    return rows[0] === undefined ? undefined : contentOf(rows[0]);
  }

  /** Lengthens a life, and leaves the version. @returns false when no live value is there */
  async touch({ family, key }: Name, nowMs: number, expiresAtMs: number): Promise<boolean> {
    const { count } = await this.#durable.query(
      `update hot_state set expires_at = case when expires_at is not null then greatest(expires_at, $4::timestamptz) end
       where family = $1 and key = $2 and ${LIVE}`,
      [family, key, timeText(nowMs), timeText(expiresAtMs)],
    );
    return count > 0;
  }

  /** Live values by key, those after `after`. */
  async list(
    family: string,
    { prefix, after, limit, nowMs }: { prefix: string; after: string; limit: number; nowMs: number },
  ): Promise<{ key: string; content: Content }[]> {
    const { rows } = await this.#durable.query<StoredRow & { key: string }>(
      `select key, ${STORED} from hot_state
       where family = $1 and key >= $2 and starts_with(key, $2) and ($4 = '' or key > $4) and ${LIVE}
       order by key limit $5`,
      [family, prefix, timeText(nowMs), after, limit],
    );
    return rows.map((row) => ({ key: row.key, content: contentOf(row) }));
  }

  /**
   * Removes rows whose time was over before `beforeMs`, deletions too. Rows of the migration stay: its proof counts them.
   * @returns how many
   */
  async sweep(beforeMs: number, max: number): Promise<number> {
    const { count } = await this.#durable.query(
      `delete from hot_state where ctid = any (array(
         select ctid from hot_state where expires_at < $1::timestamptz and legacy_source is null
         order by expires_at limit $2 for update skip locked))`,
      [timeText(beforeMs), max],
    );
    return count;
  }

  /** Asks for PostgreSQL's clock alone. */
  async sample(): Promise<void> {
    const { rows } = await this.#durable.query<{ micros: bigint }>(`select ${MICROS} as micros`);
    this.#told(Number(rows[0]!.micros));
  }
}

interface StoredRow {
  body: string | null;
  version: bigint;
  deleted: boolean;
  /** Infinite for the infinities of PostgreSQL. */
  expires_ms: number | null;
}

const STORED =
  'value::text as body, version, deleted, floor(extract(epoch from expires_at) * 1000)::float8 as expires_ms';

function contentOf({ body, version, deleted, expires_ms: expiresMs }: StoredRow): Content {
  const ends = expiresMs !== null && expiresMs !== Number.POSITIVE_INFINITY;
  return {
    kind: deleted ? 'deleted' : 'value',
    version: Number(version),
    // A migrated row without a document.
    body: deleted ? '' : (body ?? 'null'),
    expiresAtMs: ends ? Math.max(0, expiresMs) : undefined,
  };
}

/** Sorted, so that two statements that write the same rows never wait for one another in a circle. */
function columnsOf(writes: readonly Write[]): (string | null)[][] {
  const sorted = [...writes].sort(
    (a, b) => compare(a.name.family, b.name.family) || compare(a.name.key, b.name.key),
  );
  return [
    sorted.map(({ name }) => name.family),
    sorted.map(({ name }) => name.key),
    sorted.map(({ content }) => (content.kind === 'value' ? content.body : null)),
    sorted.map(({ content: { expiresAtMs } }) => (expiresAtMs === undefined ? null : timeText(expiresAtMs))),
    sorted.map(({ content }) => String(content.version)),
    sorted.map(({ content }) => String(content.kind === 'deleted')),
  ];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function timeText(ms: number): string {
  return new Date(Math.min(Math.floor(ms), TIME_MAX_MS)).toISOString();
}
