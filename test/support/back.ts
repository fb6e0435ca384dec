import type { Column, ColumnKind } from '../../src/migration/source.ts';

/** An old table without types and keys. */
export const tableOf = (name: string, columns: readonly string[]) => ({
  name,
  columns: columns.map((column) => ({ name: column, type: '', primaryKey: 0 })),
  withoutRowid: false,
});

/** A column `v`. */
export const column = (kind: ColumnKind, zone = 'UTC'): Column => ({
  name: 'v',
  target: 'v',
  kind,
  required: false,
  zone,
  ahead: false,
  fallback: null,
});
