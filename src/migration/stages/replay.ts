import { randomUUID } from 'node:crypto';
import { holdFence, readFence } from '../../capture/index.ts';
import { StockroomError } from '../../core/errors.ts';
import { CONTROL_TABLE, schemaCookie } from '../../legacy/sqlite/change-log.ts';
import type { SqliteConnection } from '../../legacy/sqlite/database.ts';
import { quoteName } from '../../legacy/sqlite/tables.ts';
import { writeTransaction } from '../../legacy/sqlite/write.ts';
import { type DurableTier, sqlState } from '../../tiers/durable/index.ts';
import type { Timezones } from '../settings.ts';
import type { SourceDefinition } from '../source.ts';
import { asOnlyDocumentWriter, documentPlace, type DocumentsOptions, writeDocuments } from './documents.ts';
import { noteMade, noteRefused, type OwedRow, readOwed, strikeOff } from './entries.ts';
import { type StoreTable, tablesOf } from './new-side.ts';
import type { OldFile, OldSide } from './old-side.ts';
import { OldTable } from './old-table.ts';

const UNIQUE_VIOLATION = '23505';
/** Tries to give keys while another replayer does. */
const ATTEMPTS = 5;

/** Another replayer has taken over, or the old side is no replica any more: what was read here is not to be applied. */
export class Superseded extends StockroomError {
  constructor() {
    // With a code, so that it comes out of a transaction on an old database as it went in.
    super(
      'CONFLICT',
      'another process replays to the old side, or it is no replica any more: nothing was written to it',
    );
  }
}

/** What a batch did. */
export interface Replayed {
  /** Rows that the old side has now. */
  rows: number;
  refused: number;
}

/**
 * Brings what is written to PostgreSQL to the old side of one store: rows are read as they are now, written in one
 * transaction a file, and struck off after it. Whoever takes a file over leaves a token in it that every later transaction
 * is checked against, so that of two replayers the older one's rows are never applied over newer ones.
 */
export class Replayer {
  readonly side: OldSide;
  private readonly tier: DurableTier;
  private readonly prefix: string;
  private readonly tables: readonly StoreTable[];
  private readonly timezones: Timezones;
  private readonly holder = randomUUID();
  private readonly writers = new Map<string, { schema: number; tables: Map<string, OldTable> }>();
  private readonly nextNumbers = new Map<string, bigint>();
  private isHeld = false;

  constructor(options: {
    tier: DurableTier;
    side: OldSide;
    prefix: string;
    sources: readonly SourceDefinition[];
    timezones: Timezones;
  }) {
    this.tier = options.tier;
    this.side = options.side;
    this.prefix = options.prefix;
    this.tables = tablesOf(options.sources, options.side.store);
    this.timezones = options.timezones;
  }

  /** Replays the oldest entries. @throws Superseded, StockroomError SOURCE_LOCKED, SOURCE_NOT_WRITABLE, SOURCE_UNREADABLE */
  async batch(refusedToo = false): Promise<Replayed> {
    if (this.side.documents.size === 0) return this.replay(refusedToo);
    const done = await asOnlyDocumentWriter(this.tier, this.side.store, () => this.replay(refusedToo));
    if (done === null) throw new Superseded();
    return done;
  }

  private async replay(refusedToo: boolean): Promise<Replayed> {
    if (!this.isHeld) this.hold();
    const rows = await readOwed(this.tier, this.side.store, this.tables, refusedToo);
    if (rows.length === 0) return { rows: 0, refused: 0 };
    await this.giveKeys(rows);
    const refused = this.write(rows);
    const done = new Set(refused.map(({ row }) => row));
    await strikeOff(
      this.tier,
      rows.filter((row) => !done.has(row)),
    );
    await noteRefused(this.tier, refused);
    return { rows: rows.length - refused.length, refused: refused.length };
  }

  private hold(): void {
    for (const { absolute } of this.side.databases) {
      writeTransaction(absolute, (connection) => {
        if (readFence(connection, this.side.store)?.state !== 'given') throw new Superseded();
        holdFence(connection, this.side.store, this.holder);
      });
    }
    this.isHeld = true;
  }

  /** Rows that Stockroom made get the key under which the old side is to know them, before it gets them. */
  private async giveKeys(rows: readonly OwedRow[]): Promise<void> {
    const made = rows.filter(({ place, tuple }) => place === null && tuple !== null);
    const remade = rows.filter(({ isRemade }) => isRemade);
    for (let attempt = 1; ; attempt++) {
      for (const row of made) row.place = await this.newPlace(row);
      try {
        return await noteMade(this.tier, [...made, ...remade]);
      } catch (error) {
        if (sqlState(error) !== UNIQUE_VIOLATION || attempt === ATTEMPTS) throw error;
        // Another replayer gave one of these numbers to another row.
        this.nextNumbers.clear();
      }
    }
  }

  private get documents(): DocumentsOptions {
    const { side, prefix, timezones } = this;
    return { side, prefix, timezones, nowMicros: Date.now() * 1000 };
  }

  private async newPlace(row: OwedRow): Promise<OwedRow['place']> {
    if (row.table.source.files !== undefined) return documentPlace(row, this.documents);
    const { file, table } = this.homeOf(row.table);
    const unit = this.prefix + file.path;
    if (row.table.oldKey === 'legacy_id') return { unit, key: await this.nextNumber(file, table, unit) };
    const key = this.inFile(file, (connection) =>
      this.writer(connection, file, table).naturalKey(row.tuple!),
    );
    return { unit, key };
  }

  /** Where new rows of a table go: the first file that has it, which is the one that the old application used. */
  private homeOf({ source }: StoreTable): { file: OldFile; table: string } {
    for (const file of this.side.databases) {
      const table = file.tables.find((name) =>
        source.shapes?.some((shape) => shape.table === name.toLowerCase()),
      );
      if (table !== undefined) return { file, table };
    }
    throw new StockroomError(
      'CONFLICT',
      `${this.side.directory} has no table for ${source.id}: make it there with the old application, then the rows follow`,
      { details: { source: source.id } },
    );
  }

  private async nextNumber(file: OldFile, table: string, unit: string): Promise<bigint> {
    const name = `${unit} ${table}`;
    let next = this.nextNumbers.get(name);
    if (next === undefined) {
      const last = this.inFile(file, (connection) =>
        this.writer(connection, file, table).lastNumber(connection),
      );
      const { id, table: target } = this.sourceOf(table);
      const { rows } = await this.tier.query<{ last: bigint }>(
        `SELECT greatest(
           (SELECT coalesce(max(legacy_id), 0) FROM migration_made WHERE source = $1 AND unit = $2),
           (SELECT coalesce(max(legacy_id), 0) FROM ${quoteName(target)} WHERE legacy_source = $2)) AS last`,
        [id, unit],
      );
      next = (rows[0]!.last > last ? rows[0]!.last : last) + 1n;
    }
    this.nextNumbers.set(name, next + 1n);
    return next;
  }

  private sourceOf(table: string): SourceDefinition {
    const found = this.tables.find(({ source }) =>
      source.shapes?.some((shape) => shape.table === table.toLowerCase()),
    );
    return found!.source;
  }

  private inFile<T>(file: OldFile, work: (connection: SqliteConnection) => T): T {
    return writeTransaction(file.absolute, (connection) => {
      this.requireHold(connection);
      return work(connection);
    });
  }

  private requireHold(connection: SqliteConnection): void {
    const row = readFence(connection, this.side.store);
    if (row?.state !== 'given' || row.holder !== this.holder) throw new Superseded();
  }

  /** Writes rows, one transaction a file. @returns those that it did not take */
  private write(rows: readonly OwedRow[]): { row: OwedRow; reason: string }[] {
    const units = new Set(this.side.databases.map(({ path }) => this.prefix + path));
    const documents = rows.filter(({ table }) => table.source.files !== undefined);
    const refused = rows
      .filter(
        ({ table, place }) => table.source.files === undefined && place !== null && !units.has(place.unit),
      )
      .map((row) => ({ row, reason: `${row.place!.unit} is not there` }));
    refused.push(...writeDocuments(documents, this.documents));
    for (const file of this.side.databases) {
      const unit = this.prefix + file.path;
      const own = rows.filter(({ place }) => place?.unit === unit);
      if (own.length === 0) continue;
      refused.push(
        ...this.inFile(file, (connection) => {
          const mute = connection.prepare(
            `UPDATE ${quoteName(CONTROL_TABLE)} SET value = ? WHERE name = 'muted'`,
          );
          mute.run('1');
          const left = file.tables.flatMap((table) => this.writeTable(connection, file, table, own));
          mute.run('0');
          return left;
        }),
      );
    }
    return refused;
  }

  private writeTable(
    connection: SqliteConnection,
    file: OldFile,
    table: string,
    rows: readonly OwedRow[],
  ): { row: OwedRow; reason: string }[] {
    const writer = this.writer(connection, file, table);
    const own = rows.filter((row) => row.table.source === writer.source);
    if (own.length === 0) return [];
    const changes = own.map(({ place, tuple }) => ({ key: place!.key, tuple }));
    return [...writer.write(connection, changes)].map(([index, reason]) => ({ row: own[index]!, reason }));
  }

  private writer(connection: SqliteConnection, file: OldFile, table: string): OldTable {
    const schema = schemaCookie(connection);
    let known = this.writers.get(file.path);
    if (known?.schema !== schema) {
      known = { schema, tables: new Map() };
      this.writers.set(file.path, known);
    }
    let found = known.tables.get(table);
    if (found === undefined) {
      const source = this.sourceOf(table);
      found = OldTable.open(connection, source, table, this.timezones.get(source.id) ?? new Map());
      known.tables.set(table, found);
    }
    return found;
  }
}
