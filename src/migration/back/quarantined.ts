import type { DurableTier } from '../../tiers/durable/index.ts';
import { InvalidText, type OldValue } from './loaded.ts';
import type { OldRow, TableLayout } from './table-back.ts';

const PAGE_ROWS = 200;

/** A row that could not be loaded, as the quarantine keeps it. */
export interface QuarantinedBytes {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** The quarantined rows of a unit in the order in which they were found. */
export async function* quarantinedPages(
  tier: DurableTier,
  source: string,
  unit: string,
): AsyncGenerator<QuarantinedBytes[]> {
  let after = '0';
  for (;;) {
    const { rows } = await tier.query<QuarantinedBytes & { id: string }>(
      `SELECT id::text AS id, key, bytes FROM migration_quarantine
       WHERE source = $1 AND unit = $2 AND id > $3::bigint ORDER BY migration_quarantine.id LIMIT ${PAGE_ROWS}`,
      [source, unit, after],
    );
    if (rows.length === 0) return;
    yield rows;
    after = rows.at(-1)!.id;
  }
}

type Tagged =
  | null
  | string
  | { integer: string }
  | { real: string; bits: string }
  | { blob: string }
  | { text: string };

/** A quarantined row of a table as it stood there: every value with its storage class and its bytes. */
export function quarantinedRow(
  layout: TableLayout,
  columns: readonly string[],
  { key, bytes }: QuarantinedBytes,
): OldRow {
  const { source } = layout;
  const found = new Map(Object.entries(JSON.parse(Buffer.from(bytes).toString('utf8')) as object)) as Map<
    string,
    Tagged
  >;
  const values = columns.map((name): OldValue => {
    const place = layout.place(name);
    if (place.kind === 'column') return untagged(found.get(source.columns[place.index]!.name));
    if (place.kind === 'extra') return untagged(found.get(name));
    return found.has('id') ? untagged(found.get('id')) : BigInt(key);
  });
  const numbered = source.identity === 'legacy_id' && !layout.hasId;
  return { rowNumber: numbered ? BigInt(key) : null, values, homeless: [] };
}

function untagged(value: Tagged | undefined): OldValue {
  if (value === null || value === undefined || typeof value === 'string') return value ?? null;
  if ('integer' in value) return BigInt(value.integer);
  if ('bits' in value) return Buffer.from(value.bits, 'hex').readDoubleBE(0);
  if ('blob' in value) return Buffer.from(value.blob, 'hex');
  return new InvalidText(Buffer.from(value.text, 'hex'));
}
