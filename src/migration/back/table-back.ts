import { members } from '../../legacy/json-files/document.ts';
import { floatText } from '../../legacy/sample/python-json.ts';
import type { TableInfo } from '../../legacy/sqlite/tables.ts';
import type { RowKey } from '../ledger.ts';
import type { Column, RawValue, SourceDefinition, TableShape } from '../source.ts';
import { RejectedValue } from '../values/coerce.ts';
import { extraJson } from '../values/extra.ts';
import { storableText } from '../values/json-repair.ts';
import { writeJson } from './json-form.ts';
import {
  InvalidText,
  loadedAs,
  type LoadedValue,
  type OldValue,
  readable,
  sameDecimal,
  sameDocument,
  sameLoaded,
} from './loaded.ts';
import { numberOf, type Original, originalValue } from './original.ts';
import type { TableStyle } from './style.ts';
import { dateText, writeTime } from './time-form.ts';

/** A row as PostgreSQL holds it, with what was kept beside it. */
export interface LoadedTuple {
  /** Its key in the old file; null for a row that Stockroom made. */
  readonly key: RowKey | null;
  /** One value a column of the source. */
  readonly values: readonly LoadedValue[];
  /** `legacy_extra` as JSON text. */
  readonly extra: string | null;
  /** By column. */
  readonly originals: ReadonlyMap<string, Original>;
}

/** A row for an old table. */
export interface OldRow {
  /** SQLite's row number where that is the row's key and no column holds it; null when it is SQLite's to choose. */
  readonly rowNumber: bigint | null;
  /** One value a column of {@link TableBack.columns}. */
  readonly values: readonly OldValue[];
  /** Columns of the source that the old table lacks though the row has a value for them. */
  readonly homeless: readonly string[];
}

type Place =
  | { readonly kind: 'id' }
  | { readonly kind: 'column'; readonly index: number }
  | { readonly kind: 'extra'; readonly name: string };

/** How the columns of an old table and of its source belong together. */
export class TableLayout {
  readonly source: SourceDefinition;
  readonly shape: TableShape;
  readonly table: TableInfo;
  /** For each column of the source the table's own name for it, null when the table lacks it. */
  readonly own: readonly (string | null)[];
  readonly hasId: boolean;

  constructor(source: SourceDefinition, shape: TableShape, table: TableInfo) {
    this.source = source;
    this.shape = shape;
    this.table = table;
    const byName = new Map(table.columns.map(({ name }) => [canonical(shape, name), name]));
    this.own = source.columns.map(({ name }) => byName.get(name) ?? null);
    this.hasId = source.identity === 'legacy_id' && byName.has('id');
  }

  place(name: string): Place {
    const index = this.own.indexOf(name);
    if (index !== -1) return { kind: 'column', index };
    if (this.hasId && canonical(this.shape, name) === 'id') return { kind: 'id' };
    return { kind: 'extra', name };
  }
}

function canonical(shape: TableShape, name: string): string {
  const lower = name.toLowerCase();
  return shape.aliases?.[lower] ?? lower;
}

/**
 * Makes rows of an old table out of rows of PostgreSQL: each kind of column has one inverse. The bytes that were kept of a
 * value are given back when they still load as what is there; what was changed here is written in the table's style.
 */
export class TableBack {
  readonly layout: TableLayout;
  /** The table's own columns, in the order of the values of a row. */
  readonly columns: readonly string[];
  private readonly places: readonly Place[];
  private readonly style: TableStyle;
  private readonly timezones: ReadonlyMap<string, string>;

  /** `columns`: those that can be written. `timezones`: the zone by column that was given for times that lie. */
  constructor(
    layout: TableLayout,
    columns: readonly string[],
    style: TableStyle,
    timezones: ReadonlyMap<string, string> = new Map(),
  ) {
    this.layout = layout;
    this.columns = columns;
    this.places = columns.map((name) => layout.place(name));
    this.style = style;
    this.timezones = timezones;
  }

  /** A value as a member of `legacy_extra`. */
  static extraMember(value: OldValue): string {
    const raw = value instanceof InvalidText ? value.bytes : value;
    return new Map(members(extraJson(new Map([['v', raw]]), () => undefined)) ?? []).get('v')!;
  }

  /** `key`: what a row that Stockroom made is to be called in the old table. */
  row(tuple: LoadedTuple, key: RowKey | null = tuple.key): OldRow {
    const { source, hasId } = this.layout;
    const known = this.knownValues(tuple);
    const extra = new Map(members(tuple.extra ?? '{}') ?? []);
    const values = this.places.map((place): OldValue => {
      if (place.kind === 'column') return known[place.index]!;
      if (place.kind === 'id') return key;
      return this.extraValue(place.name, extra, tuple, known);
    });
    const numbered = source.identity === 'legacy_id' && !hasId && typeof key === 'bigint';
    return { rowNumber: numbered ? key : null, values, homeless: this.homeless(tuple, known) };
  }

  /** The values of the source's columns, whether the table has them or not. */
  private knownValues(tuple: LoadedTuple): OldValue[] {
    const { columns } = this.layout.source;
    const { originals } = tuple;
    const written = columns.map((column, index) => this.write(column, tuple.values[index]!));
    if (originals.size === 0) return written;
    const kept = columns.map((column, index) => {
      const original = originals.get(column.name);
      return original === undefined ? written[index]! : originalValue(original);
    });
    const adjusted = this.adjustments(kept);
    return columns.map((column, index) => {
      const original = originals.get(column.name);
      if (original === undefined) return written[index]!;
      const value = adjusted.get(`${column.name} ${original.reason}`) ?? kept[index]!;
      return this.loadsAs(column, value, tuple.values[index]!) ? kept[index]! : written[index]!;
    });
  }

  /** What the source makes of a row that proves it, by column and reason. */
  private adjustments(values: readonly OldValue[]): ReadonlyMap<string, RawValue> {
    const { source } = this.layout;
    if (source.adjust === undefined) return new Map();
    const index = new Map(source.columns.map(({ name }, at) => [name, at]));
    const get = (name: string): RawValue => readable(values[index.get(name) ?? -1] ?? null);
    const made = source.adjust(get, null).filter(({ column }) => !this.timezones.has(column));
    return new Map(made.map(({ column, reason, value }) => [`${column} ${reason}`, value]));
  }

  private loadsAs(column: Column, value: OldValue, loaded: LoadedValue): boolean {
    try {
      return sameLoaded(column, loadedAs(column, value, this.timezones.get(column.name) ?? null), loaded);
    } catch (error) {
      if (error instanceof RejectedValue) return false;
      throw error;
    }
  }

  /** The inverse of each kind. */
  private write(column: Column, loaded: LoadedValue): OldValue {
    if (loaded === null) return null;
    switch (column.kind) {
      case 'text':
      case 'key':
      case 'float':
      case 'integer':
        return loaded as OldValue;
      case 'money':
        return amountOf(String(loaded));
      case 'boolean':
        return loaded === true ? 1n : 0n;
      case 'date':
        return dateText(Number(loaded));
      case 'time': {
        const form = this.style.times.get(column.name)!;
        const forced = this.timezones.get(column.name) ?? null;
        return writeTime(loaded as bigint, form, column.zone, forced);
      }
      case 'json':
        return writeJson(String(loaded), this.style.documents.get(column.name)!);
    }
  }

  private extraValue(
    name: string,
    extra: ReadonlyMap<string, string>,
    tuple: LoadedTuple,
    known: readonly OldValue[],
  ): OldValue {
    const slice = extra.get(storableText(name));
    const original = tuple.originals.get(name);
    const stored = original === undefined ? null : originalValue(original, true);
    if (stored !== null && slice !== undefined && sameDocument(TableBack.extraMember(stored), slice))
      return stored;
    const value = slice === undefined ? null : extraScalar(slice);
    return this.documentOf(name, value, tuple, known) ?? value;
  }

  /**
   * A column out of which the source's own columns were read when the table lacked them (the levels of an older shape):
   * written anew when those were changed here. Null when there is nothing to write.
   */
  private documentOf(
    name: string,
    value: OldValue,
    tuple: LoadedTuple,
    known: readonly OldValue[],
  ): string | null {
    const { source, own } = this.layout;
    if (name.toLowerCase() !== 'levels_json') return null;
    const derived = source.columns.flatMap((column, index) =>
      column.kind === 'float' && own[index] === null ? [{ column, index }] : [],
    );
    const get = (wanted: string): RawValue => (wanted === 'levels_json' ? readable(value) : null);
    const holds = derived.every(({ column, index }) =>
      this.loadsAs(column, column.fallback?.(get) ?? null, tuple.values[index]!),
    );
    if (holds) return null;
    const parts = derived.map(({ column, index }) => {
      const level = known[index];
      return `"${column.name}": ${typeof level === 'number' ? floatText(level) : 'null'}`;
    });
    return `{${parts.join(', ')}}`;
  }

  private homeless(tuple: LoadedTuple, known: readonly OldValue[]): string[] {
    const { source, own, table } = this.layout;
    if (!own.includes(null)) return [];
    const index = new Map(source.columns.map(({ name }, at) => [name, at]));
    const get = (name: string): RawValue => readable(known[index.get(name) ?? -1] ?? null);
    const derives = table.columns.some(({ name }) => name.toLowerCase() === 'levels_json');
    return source.columns.flatMap((column, at) => {
      const loaded = tuple.values[at]!;
      if (own[at] !== null || loaded === null || (derives && column.kind === 'float')) return [];
      return this.loadsAs(column, column.fallback?.(get) ?? null, loaded) ? [] : [column.name];
    });
  }
}

/** An amount as the old application kept it; a whole number that no double holds as an INTEGER. */
function amountOf(decimal: string): bigint | number {
  const amount = Number(decimal);
  return sameDecimal(String(amount), decimal) ? amount : numberOf(decimal);
}

function extraScalar(slice: string): OldValue {
  if (slice === 'null') return null;
  if (slice.startsWith('"')) return JSON.parse(slice) as string;
  return /^-?\d/.test(slice) ? numberOf(slice) : slice;
}
