import type { TupleView, TupleWriter } from '../../tiers/durable/copy-binary.ts';
import { JSONB_TEXT } from '../../tiers/durable/copy-binary.ts';
import type { Alteration, Column, RawValue, SourceDefinition, SourceRow } from '../source.ts';
import {
  RejectedValue,
  toBoolean,
  toDays,
  toDecimal,
  toFloat,
  toInteger,
  toKey,
  toInstant,
  toText,
  decodeText,
  describe,
} from './coerce.ts';
import { scanJsonBytes } from './json-scan.ts';
import { repairJson } from './json-repair.ts';
import { extraJson } from './extra.ts';
import { RowHash } from './row-hash.ts';
import { hashTuple } from './tuple-hash.ts';
import { MICROS_PER_MINUTE } from './time.ts';
import { originalBytes } from './original.ts';

/** How far the clock of an old writer may have been ahead. */
const CLOCK_SKEW_MICROS = 5 * MICROS_PER_MINUTE;

type Coder = (value: RawValue) => void;

/** Columns of a target table in the order in which they are copied: what comes after is hashed, legacy_source is not. */
export function copyColumns(source: SourceDefinition): string[] {
  const columns = ['legacy_source'];
  if (source.identity !== 'legacy_source') columns.push(source.identity);
  for (const column of source.columns) columns.push(column.target);
  if (source.keepsExtra) columns.push('legacy_extra');
  if (source.family !== undefined) columns.push('family');
  return columns;
}

/** Which of {@link copyColumns} hold jsonb. */
export function jsonFields(source: SourceDefinition): boolean[] {
  return copyColumns(source).map(
    (name) =>
      name === 'legacy_extra' ||
      source.columns.some((column) => column.target === name && column.kind === 'json'),
  );
}

/** Turns rows of one source file into tuples of its table, with their hashes. */
export class RowEncoder {
  private readonly source: SourceDefinition;
  private readonly fields: number;
  private readonly isJson: boolean[];
  private readonly coders: Coder[];
  private readonly hash = new RowHash();
  private readonly view: TupleView;
  private readonly jsonA: Int32Array;
  private readonly jsonB: Int32Array;
  private writer!: TupleWriter;
  private alterations: Alteration[] = [];
  private readonly none: Alteration[] = [];
  private readonly latestMicros: number;
  /** Rows by column whose time says that they were written later than now. */
  readonly futureTimes = new Map<string, number>();
  /** The column that is being written, for reasons. */
  private column = '';
  private field = 0;
  /** The value at hand. */
  private value: RawValue = null;

  /** `timezones`: zone by column name, for columns whose times are known to lie. */
  constructor(source: SourceDefinition, timezones: ReadonlyMap<string, string>, nowMicros: number) {
    this.latestMicros = nowMicros + CLOCK_SKEW_MICROS;
    this.source = source;
    this.isJson = jsonFields(source);
    this.fields = this.isJson.length;
    this.view = { buffer: Buffer.alloc(0), offsets: new Int32Array(this.fields + 1), fields: this.fields };
    this.jsonA = new Int32Array(this.fields);
    this.jsonB = new Int32Array(this.fields);
    this.coders = source.columns.map((column) => this.coder(column, timezones.get(column.name) ?? null));
  }

  /** The two lanes of the last row's hash: of its values as loaded, and of the bytes kept beside them. */
  get a(): number {
    return this.hash.a;
  }

  get b(): number {
    return this.hash.b;
  }

  /**
   * Writes the row and gives what had to be kept beside it; throws {@link RejectedValue} (and takes back what was
   * written) when a value cannot be loaded.
   */
  encode(writer: TupleWriter, file: string, row: SourceRow): readonly Alteration[] {
    const start = writer.position;
    this.writer = writer;
    this.alterations = this.none;
    if (row.altered) for (const alteration of row.altered) this.keep(alteration);
    try {
      this.write(file, row);
    } catch (error) {
      writer.rewind(start);
      throw error;
    }
    this.view.buffer = writer.buffer;
    hashTuple(this.hash, this.view, this.isJson, this.alterations, this.takeJson);
    return this.alterations;
  }

  /** The column at which the last row was refused. */
  get lastColumn(): string {
    return this.column;
  }

  private readonly takeJson = (_view: TupleView, field: number): void => {
    this.hash.word(this.jsonA[field]!);
    this.hash.word(this.jsonB[field]!);
  };

  private write(file: string, row: SourceRow): void {
    const { writer, source, coders } = this;
    writer.startTuple(this.fields);
    this.startField(0, 'legacy_source');
    writer.text(file);
    let field = 1;
    if (source.identity !== 'legacy_source') {
      this.startField(field++, 'id');
      if (typeof row.key === 'bigint') writer.int8(row.key);
      else writer.text(row.key);
    }
    for (let index = 0; index < coders.length; index++) {
      this.startField(field++, source.columns[index]!.name);
      coders[index]!(row.values[index]!);
    }
    if (source.keepsExtra) {
      this.startField(field++, 'legacy_extra');
      if (row.extra === null || row.extra.size === 0) writer.null();
      else this.json(extraJson(row.extra, (alteration) => this.keep(alteration)));
    }
    if (source.family !== undefined) {
      this.startField(field++, 'family');
      writer.text(source.family);
    }
    this.view.offsets[field] = writer.position;
  }

  private startField(field: number, column: string): void {
    this.field = field;
    this.column = column;
    this.view.offsets[field] = this.writer.position;
  }

  private keep(alteration: Alteration): void {
    if (this.alterations === this.none) this.alterations = [];
    // The first change of a column saw its original bytes.
    if (!this.alterations.some((known) => known.column === alteration.column))
      this.alterations.push(alteration);
  }

  private countFuture(): void {
    this.futureTimes.set(this.column, (this.futureTimes.get(this.column) ?? 0) + 1);
  }

  /** Keeps the bytes of the value at hand. One function for all rows: it runs for every value that is not plain. */
  private readonly alter = (reason: string): void => {
    this.keep({ column: this.column, bytes: originalBytes(this.value), reason });
  };

  private coder(column: Column, forcedZone: string | null): Coder {
    const write = this.valueCoder(column, forcedZone);
    return (value) => {
      if (!write(value)) {
        if (column.required) {
          throw new RejectedValue(
            'MISSING_VALUE',
            `${column.name} must have a value, found ${describe(value)}`,
          );
        }
        this.writer.null();
      }
    };
  }

  /** Writes a value, or says with false that it is null. */
  private valueCoder(column: Column, forcedZone: string | null): (value: RawValue) => boolean {
    const { alter } = this;
    const coder =
      <T>(convert: (value: RawValue) => T | null, write: (value: T) => void) =>
      (value: RawValue): boolean => {
        if (value === null) return false;
        this.value = value;
        const converted = convert(value);
        if (converted === null) return false;
        write(converted);
        return true;
      };
    switch (column.kind) {
      case 'text':
        return coder(
          (v) => toText(v, alter),
          (v) => this.writer.text(v),
        );
      case 'key':
        return coder(
          (v) => toKey(v, alter),
          (v) => this.writer.text(v),
        );
      case 'float':
        return coder(
          (v) => toFloat(v, alter),
          (v) => this.writer.float8(v),
        );
      case 'integer':
        return coder(
          (v) => toInteger(v, alter),
          (v) => this.writer.int8(v),
        );
      case 'money':
        return coder(
          (v) => toDecimal(v, alter),
          (v) => this.writer.numeric(v),
        );
      case 'time':
        return coder(
          (v) => toInstant(v, column.zone, forcedZone, alter),
          (v) => {
            if (v > this.latestMicros && !column.ahead) this.countFuture();
            this.writer.timestamptz(v);
          },
        );
      case 'date':
        return coder(
          (v) => toDays(v, alter),
          (v) => this.writer.date(v),
        );
      case 'boolean':
        return coder(
          (v) => toBoolean(v, alter),
          (v) => this.writer.bool(v),
        );
      case 'json':
        return (value) => this.jsonValue(value);
    }
  }

  private jsonValue(value: RawValue): boolean {
    if (value === null) return false;
    this.value = value;
    if (typeof value === 'string') this.json(value);
    else if (value instanceof Uint8Array) {
      const { text, valid } = decodeText(value);
      this.alter(valid ? 'BLOB_IN_TEXT' : 'INVALID_UTF8');
      this.json(text);
    } else if (Object.is(value, -0)) this.json('-0');
    else this.json(Number.isFinite(Number(value)) ? String(value) : 'NaN');
    return true;
  }

  /** Writes a document, repaired when jsonb would not keep it. */
  private json(document: string): void {
    const { writer } = this;
    const start = writer.position;
    writer.jsonb(document);
    let scan = scanJsonBytes(writer.buffer, start + JSONB_TEXT, writer.position);
    if (scan.flags !== 0) {
      const repaired = repairJson(document);
      if (repaired.reasons.length > 0) this.alter(repaired.reasons.join(','));
      writer.rewind(start);
      writer.jsonb(repaired.text);
      scan = scanJsonBytes(writer.buffer, start + JSONB_TEXT, writer.position);
    }
    this.jsonA[this.field] = scan.a;
    this.jsonB[this.field] = scan.b;
  }
}
