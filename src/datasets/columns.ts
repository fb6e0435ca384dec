import type { SchemaElement } from 'hyparquet';
import type { DurableTier, Session } from '../tiers/durable/index.ts';
import type { HistoryTable } from './tables.ts';

/** A column of a table as it leaves: exactly, in a form that every reader of Parquet, CSV and NDJSON has. */
export interface Column {
  readonly name: string;
  readonly form: Form;
  /** SQL that gives the value over the alias `t`. */
  readonly sql: string;
}

/**
 * `time`: microseconds since 1970 in UTC. `json`: its text. `text` also of what has no exact counterpart: NUMERIC (Parquet's decimals
 * have a fixed scale, and a price must not be rounded), dates (YYYY-MM-DD) and bytes (hexadecimal).
 */
export type Form = 'integer' | 'double' | 'boolean' | 'time' | 'json' | 'text';
export type Value = bigint | number | boolean | string | null;
export type DataRow = Readonly<Record<string, Value>>;

const forms: Readonly<Record<string, Form>> = {
  bigint: 'integer',
  integer: 'integer',
  smallint: 'integer',
  'double precision': 'double',
  real: 'double',
  boolean: 'boolean',
  'timestamp with time zone': 'time',
  jsonb: 'json',
  json: 'json',
  ARRAY: 'json',
};

/** Columns that are about how a row was written, not about what it says. */
const internal: ReadonlySet<string> = new Set(['idempotency_hash']);

/** @param asOf hides what became known later: those columns are null in rows that were not known to that extent */
export async function columnsOf(
  source: DurableTier | Session,
  schema: string,
  table: HistoryTable,
  asOf?: string,
): Promise<Column[]> {
  const { rows } = await source.query<{ name: string; type: string }>(
    `select column_name as name, data_type as type from information_schema.columns
     where table_schema = $1 and table_name = $2 order by ordinal_position`,
    [schema, table.name],
  );
  return rows
    .filter(({ name }) => !internal.has(name))
    .map(({ name, type }) => {
      const form = forms[type] ?? 'text';
      return { name, form, sql: known(table, name, expression(name, type, form), asOf) };
    });
}

function expression(name: string, type: string, form: Form): string {
  const column = `t."${name}"`;
  if (form === 'integer') return `${column}::bigint`;
  if (form === 'double') return `${column}::float8`;
  if (form === 'time') return `(extract(epoch from ${column}) * 1000000)::bigint`;
  if (type === 'ARRAY') return `array_to_json(${column})::text`;
  if (form === 'json') return `${column}::text`;
  if (type === 'bytea') return `encode(${column}, 'hex')`;
  return form === 'text' ? `${column}::text` : column;
}

function known(table: HistoryTable, name: string, sql: string, asOf: string | undefined): string {
  if (asOf === undefined || table.later === undefined) return sql;
  const { knownAt, columns, flag } = table.later;
  // Without a time nobody knows whether it was known.
  const was = `coalesce(${knownAt} <= '${asOf}'::timestamptz, false)`;
  if (name === flag) return `(${sql} and ${was})`;
  return columns.includes(name) ? `case when ${was} then ${sql} end` : sql;
}

/** The columns as Parquet has them. */
export function parquetSchema(columns: readonly Column[]): SchemaElement[] {
  return [{ name: 'root', num_children: columns.length }, ...columns.map(parquetElement)];
}

function parquetElement({ name, form }: Column): SchemaElement {
  const column = { name, repetition_type: 'OPTIONAL' } as const;
  switch (form) {
    case 'integer':
      return { ...column, type: 'INT64' };
    case 'double':
      return { ...column, type: 'DOUBLE' };
    case 'boolean':
      return { ...column, type: 'BOOLEAN' };
    case 'time':
      return {
        ...column,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      };
    case 'json':
      return { ...column, type: 'BYTE_ARRAY', converted_type: 'UTF8' };
    case 'text':
      return { ...column, type: 'BYTE_ARRAY', converted_type: 'UTF8' };
  }
}
