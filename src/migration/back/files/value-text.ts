import { elements, members, scalar } from '../../../legacy/json-files/document.ts';
import type { Column, ColumnKind, RawValue, SourceDefinition, SourceRow } from '../../source.ts';
import { RejectedValue } from '../../values/coerce.ts';
import { extraJson } from '../../values/extra.ts';
import { floatText } from '../../../legacy/sample/python-json.ts';
import { DUMPS, writeJson } from '../json-form.ts';
import {
  InvalidText,
  loadedAs,
  type LoadedValue,
  type OldValue,
  sameDocument,
  sameLoaded,
} from '../loaded.ts';
import { type Original, originalValue } from '../original.ts';
import type { LoadedTuple } from '../table-back.ts';
import { writeTime } from '../time-form.ts';
import type { FileStyle } from './file-style.ts';
import { laidOut } from './object-text.ts';

export type Zones = ReadonlyMap<string, string>;

/** Reasons for which the bytes of more than a value were kept: of a whole file or line, or of what the reader left out. */
const WHOLE = /^(?:INVALID_UTF8|EXTRA_MEMBERS|OPEN_SESSION)$/;

export const isWhole = ({ reason }: Original): boolean => WHOLE.test(reason);

/** What a value as a reader gives it loads as; undefined when it cannot be loaded. */
export function loadedOf(column: Column, value: OldValue, zones: Zones): LoadedValue | undefined {
  try {
    return loadedAs(column, value, zones.get(column.name) ?? null);
  } catch (error) {
    if (error instanceof RejectedValue) return undefined;
    throw error;
  }
}

/** Whether a value as a reader gives it loads as what is there. */
export function loadsAs(column: Column, value: OldValue, loaded: LoadedValue, zones: Zones): boolean {
  const found = loadedOf(column, value, zones);
  return found !== undefined && sameLoaded(column, found, loaded);
}

/** Whether a row of a file loads as a tuple, but for columns that the file cannot say of one row alone. */
export function loadsAsTuple(
  source: SourceDefinition,
  row: SourceRow,
  tuple: LoadedTuple,
  zones: Zones,
  besides: readonly string[] = [],
): boolean {
  if (row.rejected !== undefined) return false;
  const same = source.columns.every(
    (column, index) =>
      besides.includes(column.name) ||
      loadsAs(column, row.values[index] ?? null, tuple.values[index]!, zones),
  );
  return same && (!source.keepsExtra || sameDocument(extraOf(row), tuple.extra ?? '{}'));
}

const extraOf = ({ extra }: SourceRow): string => (extra === null ? '{}' : extraJson(extra, () => undefined));

/** What a member of a file is written with. */
export interface Writing {
  readonly style: FileStyle;
  readonly zones: Zones;
  /** How deep the value will stand. */
  readonly depth: number;
  /** What stands there now is written anew, also when it loads as what is there. */
  readonly anew: boolean;
}

/**
 * What becomes of a member: undefined when it stays as it is, null when it goes. It stays where it loads as what is there;
 * else the bytes that were kept of it are given back when they do; else it is written in the file's style.
 */
export function memberChange(
  column: Column,
  tuple: LoadedTuple,
  loaded: LoadedValue,
  present: string | undefined,
  writing: Writing,
): string | null | undefined {
  const { style, zones, anew, depth } = writing;
  const raw = (slice: string): RawValue => (column.kind === 'json' ? slice : scalar(slice));
  const stays = present !== undefined && loadsAs(column, raw(present), loaded, zones);
  if (stays && !anew) return undefined;
  const original = tuple.originals.get(column.name);
  if (original !== undefined && !isWhole(original)) {
    const value = originalValue(original);
    if (loadsAs(column, value, loaded, zones)) return spelt(column.kind, value);
  }
  // No value is no member, or null; of a document null is one.
  if (loaded === null)
    return present === undefined || stays ? undefined : column.kind === 'json' ? null : 'null';
  return laidOut(fresh(column, loaded, style, zones), style.layout, depth);
}

/** Bytes that were kept, as they stood: a document's are its text, a string's were decoded. */
function spelt(kind: ColumnKind, value: OldValue): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return floatText(value);
  const text = typeof value === 'string' ? value : '';
  // Text with half of a surrogate pair is kept as the JSON string that it was.
  if (kind === 'json' || /^".*\\u[dD][89a-fA-F]/s.test(text)) return text;
  return writeJson(JSON.stringify(text), DUMPS);
}

function fresh(column: Column, loaded: NonNullable<LoadedValue>, style: FileStyle, zones: Zones): string {
  switch (column.kind) {
    case 'json':
      return writeJson(String(loaded), style.form);
    case 'time': {
      const forced = zones.get(column.name) ?? null;
      return JSON.stringify(writeTime(loaded as bigint, style.time(column), column.zone, forced));
    }
    case 'text':
    case 'key':
      return writeJson(JSON.stringify(loaded), style.form);
    case 'boolean':
    case 'date':
    case 'float':
    case 'integer':
    case 'money':
      // No file keeps such a value on its own: they follow from its documents.
      return String(loaded);
  }
}

/**
 * The text of a member that no source knows. It was kept as a value without its kind, a document as the text that it was:
 * text which is one is written as it is.
 */
export function extraText(
  name: string,
  slice: string,
  { originals }: LoadedTuple,
  { style, depth }: Writing,
): string {
  const original = originals.get(name);
  if (original !== undefined && !isWhole(original)) {
    const value = originalValue(original, true);
    const stored = extraJson(new Map([[name, asRaw(value)]]), () => undefined);
    if (sameDocument(stored, `{${JSON.stringify(name)}: ${slice}}`)) return spelt('text', value);
  }
  const text = slice.startsWith('"') ? (JSON.parse(slice) as string) : slice;
  // A line has no room for another one.
  const fits = depth > 0 || !/[\n\r]/.test(text);
  return fits && /^(?:[[{]|true$|false$|NaN$)/.test(text) && isJson(text)
    ? text
    : writeJson(slice, style.form);
}

const asRaw = (value: OldValue): RawValue => (value instanceof InvalidText ? value.bytes : value);

function isJson(text: string): boolean {
  return /^(?:true|false|NaN)$/.test(text) || members(text) !== null || elements(text) !== null;
}
