import { quoteName, quoteText } from '../legacy/sqlite/tables.ts';
import type { KeyColumn, TableKeys } from './keys.ts';
import { CAPTURE_PREFIX, CHANGES_TABLE, CONTROL_TABLE } from './tables.ts';

export interface Trigger {
  readonly name: string;
  /** Its definition, as `sqlite_master` keeps it. */
  readonly sql: string;
}

/** No event has an underscore in its name, so that no two tables' triggers share one. */
const events = {
  insert: 'AFTER INSERT',
  update: 'AFTER UPDATE',
  delete: 'AFTER DELETE',
  beforeinsert: 'BEFORE INSERT',
  beforeupdate: 'BEFORE UPDATE',
} as const;

/** Missing counts as not muted: rather a row too many in the log than one too few. */
const UNMUTED = `(SELECT value FROM ${quoteName(CONTROL_TABLE)} WHERE name = 'muted') IS NOT '1'`;

/**
 * The triggers that log what the old application's writes do to a table. They need nothing but SQLite's core language
 * (3.8.2 or newer), and log at least every row whose values a write changed:
 *
 * - after an insert, an update or a delete the row itself; where an update changed its number, both;
 * - before an insert or an update the rows that it may displace: `OR REPLACE` deletes those that share their number or a
 *   unique key with the new row, and fires no delete trigger unless `recursive_triggers` is on. That the new row is logged
 *   under the number is not enough: a cascade may delete the row that is being updated, and it never becomes new;
 * - NULL, for the whole table, where the displaced rows cannot be named: a unique key on expressions, on generated columns
 *   or on part of the rows, a NULL that SQLite may still replace with the column's default, a table without row numbers.
 */
export function triggersOf(keys: TableKeys): Trigger[] {
  const row = (of: 'OLD' | 'NEW'): string => (keys.rowid === null ? 'NULL' : `${of}.${keys.rowid}`);
  const log = logger(keys.table);
  const changedNumber = `${row('NEW')} <> ${row('OLD')}`;
  const bodies: Record<keyof typeof events, string[]> = {
    insert: [log(row('NEW'))],
    update: [log(row('OLD')), ...(keys.rowid === null ? [] : [log(row('NEW'), changedNumber)])],
    delete: [log(row('OLD'))],
    beforeinsert: displaced(keys, null),
    beforeupdate: displaced(keys, `${keys.rowid} <> ${row('OLD')}`),
  };
  return (Object.keys(events) as (keyof typeof events)[]).flatMap((event) =>
    bodies[event].length === 0 ? [] : [trigger(keys.table, event, bodies[event])],
  );
}

function trigger(table: string, event: keyof typeof events, body: readonly string[]): Trigger {
  const name = `${CAPTURE_PREFIX}${table}_${event}`;
  const head = `CREATE TRIGGER ${quoteName(name)} ${events[event]} ON ${quoteName(table)}`;
  const sql = [`${head} WHEN ${UNMUTED} BEGIN`, ...body.map((statement) => `  ${statement};`), 'END'].join(
    '\n',
  );
  return { name, sql };
}

/** Makes the statement that logs one row, where a condition holds. */
function logger(table: string): (row: string, where?: string) => string {
  return (row, where) =>
    `INSERT INTO ${quoteName(CHANGES_TABLE)} (tbl, row_id) SELECT ${quoteText(table)}, ${row}${where === undefined ? '' : ` WHERE ${where}`}`;
}

/** Logs what a new row may displace. `others`: which rows with its key are not the row itself. */
function displaced(keys: TableKeys, others: string | null): string[] {
  // Such a table's own row is logged as NULL already.
  if (keys.rowid === null) return [];
  const log = logger(keys.table);
  const whole = keys.opaque ? [log('NULL')] : defaultedNulls(keys).map((condition) => log('NULL', condition));
  const sameNumber = `${keys.rowid} = NEW.${keys.rowid}`;
  const rows = [[sameNumber], ...keys.unique.map((key) => key.map(sameValue))].map((same) => {
    const where = [...same, ...(others === null ? [] : [others])].join(' AND ');
    return `${log(keys.rowid!)} FROM ${quoteName(keys.table)} WHERE ${where}`;
  });
  return [...whole, ...rows];
}

function defaultedNulls({ unique }: TableKeys): string[] {
  const names = new Set(unique.flat().flatMap((column) => (column.defaulted ? [column.name] : [])));
  return [...names].map((name) => `NEW.${quoteName(name)} IS NULL`);
}

/** As the index compares: with its collation, and NULL equal to nothing. */
function sameValue({ name, collation }: KeyColumn): string {
  return `${quoteName(name)} COLLATE ${quoteName(collation)} = NEW.${quoteName(name)}`;
}
