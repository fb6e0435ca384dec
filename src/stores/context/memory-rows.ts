import type { Source } from '../../tiers/views/index.ts';

export interface MemoryRow {
  readonly id: bigint;
  readonly value: unknown;
  readonly created_at: string | null;
  readonly expires_at: string | null;
  readonly alive: boolean;
}

/** The newest row of a key, which decides what stands there, also when it is over. */
export async function memoryRow(
  source: Source,
  { type, key }: { readonly type: string; readonly key: string },
  now: string | null,
): Promise<MemoryRow | undefined> {
  const { rows } = await source.query<MemoryRow>(
    `select id, value, created_at, expires_at,
       (expires_at is null or expires_at > coalesce($3::timestamptz, clock_timestamp())) as alive
     from context_memory where context_type = $1 and key = $2
     order by created_at desc nulls last, id desc limit 1`,
    [type, key, now],
  );
  return rows[0];
}
