import { codeOf, messageOf } from '../../core/errors.ts';
import type { SqliteConnection, SqliteStatement } from '../../legacy/sqlite/database.ts';
import { listTables, quoteName, type TableInfo, writableColumns } from '../../legacy/sqlite/tables.ts';
import {
  InvalidText,
  learnStyle,
  type LoadedTuple,
  type OldValue,
  TableBack,
  TableLayout,
} from '../back/index.ts';
import type { RowKey } from '../ledger.ts';
import type { RawValue, SourceDefinition } from '../source.ts';
import { matchShape } from '../table-unit.ts';

/** A row as the old side shall have it; null: it shall be no more. */
export interface OldChange {
  readonly key: RowKey;
  readonly tuple: LoadedTuple | null;
}

/** How rows of PostgreSQL are written into one table of an old database. It outlives connections: its style is learnt once. */
export class OldTable {
  readonly name: string;
  readonly source: SourceDefinition;
  private readonly back: TableBack;
  /** The columns by which a row is found, and where their values stand in a row; none: SQLite's row number. */
  private readonly keys: readonly { name: string; index: number }[];

  constructor(
    connection: SqliteConnection,
    source: SourceDefinition,
    table: TableInfo,
    timezones: ReadonlyMap<string, string>,
  ) {
    this.name = table.name;
    this.source = source;
    const layout = new TableLayout(source, matchShape(source, table)!, table);
    const columns = writableColumns(connection, table);
    this.back = new TableBack(
      layout,
      columns,
      learnStyle(source, layout.own, { connection, table }),
      timezones,
    );
    const names = layout.hasId
      ? ['id']
      : source.identity === 'legacy_key'
        ? (layout.shape.keyColumns ?? [])
        : [];
    const lower = columns.map((name) => name.toLowerCase());
    this.keys = names.map((name) => ({ name: columns[lower.indexOf(name)]!, index: lower.indexOf(name) }));
  }

  static open(
    connection: SqliteConnection,
    source: SourceDefinition,
    name: string,
    timezones: ReadonlyMap<string, string>,
  ): OldTable {
    const table = listTables(connection).find((one) => one.name === name)!;
    return new OldTable(connection, source, table, timezones);
  }

  /** The key under which the old side is to know a row that Stockroom made, where its own values are its key. */
  naturalKey(tuple: LoadedTuple): string {
    const { layout } = this.back;
    const texts = (layout.shape.keyColumns ?? []).map((name) => {
      const place = layout.place(name);
      return place.kind === 'column' ? String(tuple.values[place.index] ?? '') : '';
    });
    return texts.map((part) => part.replaceAll('%', '%25').replaceAll(':', '%3A')).join(':');
  }

  /** The highest number that the table gave a row, also when that is gone. */
  lastNumber(connection: SqliteConnection): bigint {
    const has = connection
      .prepare("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'")
      .pluck()
      .get();
    const counted =
      has === 0n
        ? null
        : connection
            .prepare<[string], bigint>('SELECT seq FROM sqlite_sequence WHERE name = ?')
            .pluck()
            .get(this.name);
    const key = this.back.layout.hasId ? quoteName(this.keys[0]!.name) : '_rowid_';
    const highest = connection
      .prepare<[], bigint | null>(
        `SELECT max(${key}) FROM ${quoteName(this.name)} WHERE typeof(${key}) = 'integer'`,
      )
      .pluck()
      .get();
    return [counted ?? 0n, highest ?? 0n].reduce((a, b) => (a > b ? a : b));
  }

  /**
   * Writes changes inside a transaction of the caller's. Rows that stand in one another's way are tried again after the
   * others. @returns why a row was refused, by its place among the changes
   */
  write(connection: SqliteConnection, changes: readonly OldChange[]): Map<number, string> {
    const refused = new Map<number, string>();
    // What goes makes room for what comes.
    const order = [...changes.keys()].sort(
      (a, b) => Number(changes[a]!.tuple !== null) - Number(changes[b]!.tuple !== null),
    );
    const statements = new Statements(connection);
    let waiting = order;
    for (let before = waiting.length + 1; waiting.length > 0 && waiting.length < before; ) {
      before = waiting.length;
      waiting = waiting.filter((index) => {
        const reason = this.attempt(statements, changes[index]!);
        if (reason === null) refused.delete(index);
        else refused.set(index, reason);
        return reason !== null;
      });
    }
    if (waiting.length > 1) this.exchange(connection, statements, changes, waiting, refused);
    return refused;
  }

  /**
   * Rows that hold what one another is to have: all of them go, and come again, but for those that are refused even then.
   */
  private exchange(
    connection: SqliteConnection,
    statements: Statements,
    changes: readonly OldChange[],
    waiting: readonly number[],
    refused: Map<number, string>,
  ): void {
    for (let left = waiting; left.length > 0; ) {
      connection.exec('SAVEPOINT exchange');
      for (const index of left) this.remove(statements, changes[index]!.key);
      const failed = new Set(left.filter((index) => this.attempt(statements, changes[index]!) !== null));
      if (failed.size > 0) connection.exec('ROLLBACK TO exchange');
      connection.exec('RELEASE exchange');
      if (failed.size === 0) {
        for (const index of left) refused.delete(index);
        return;
      }
      left = left.filter((index) => !failed.has(index));
    }
  }

  private attempt(statements: Statements, change: OldChange): string | null {
    try {
      if (change.tuple === null) this.remove(statements, change.key);
      else this.put(statements, change.key, change.tuple);
      return null;
    } catch (error) {
      if (!codeOf(error).startsWith('SQLITE_CONSTRAINT')) throw error;
      return messageOf(error);
    }
  }

  private remove(statements: Statements, key: RowKey): void {
    const values = this.keys.length === 0 || this.back.layout.hasId ? [key] : textKeyParts(String(key));
    statements.run(`DELETE FROM ${quoteName(this.name)} WHERE ${this.found()}`, values);
  }

  private put(statements: Statements, key: RowKey, tuple: LoadedTuple): void {
    const row = this.back.row(tuple, key);
    const { columns } = this.back;
    const places = row.values.map((value) => (value instanceof InvalidText ? 'CAST(? AS TEXT)' : '?'));
    const values = row.values.map(bound);
    const where = this.keys.length === 0 ? [key] : this.keys.map(({ index }) => values[index]!);
    const set = columns.map((name, index) => `${quoteName(name)} = ${places[index]!}`).join(', ');
    const changed = statements.run(`UPDATE ${quoteName(this.name)} SET ${set} WHERE ${this.found()}`, [
      ...values,
      ...where,
    ]);
    if (changed > 0) return;
    const names = columns.map(quoteName);
    if (row.rowNumber !== null) {
      names.push('_rowid_');
      places.push('?');
      values.push(row.rowNumber);
    }
    statements.run(
      `INSERT INTO ${quoteName(this.name)} (${names.join(', ')}) VALUES (${places.join(', ')})`,
      values,
    );
  }

  private found(): string {
    if (this.keys.length === 0) return '_rowid_ = ?';
    return this.keys.map(({ name }) => `${quoteName(name)} = ?`).join(' AND ');
  }
}

const bound = (value: OldValue): RawValue => (value instanceof InvalidText ? value.bytes : value);

function textKeyParts(key: string): string[] {
  return key
    .split(':')
    .map((part) => part.replaceAll('%3A', ':').replaceAll('%00', '\u0000').replaceAll('%25', '%'));
}

/** Statements of one transaction, each compiled once. */
class Statements {
  private readonly connection: SqliteConnection;
  private readonly known = new Map<string, SqliteStatement>();

  constructor(connection: SqliteConnection) {
    this.connection = connection;
  }

  run(sql: string, values: readonly RawValue[]): number {
    let statement = this.known.get(sql);
    if (statement === undefined) {
      statement = this.connection.prepare<unknown[]>(sql);
      this.known.set(sql, statement);
    }
    return statement.run(...values).changes;
  }
}
