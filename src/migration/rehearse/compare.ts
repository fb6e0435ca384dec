import { setImmediate as breathe } from 'node:timers/promises';
import { type DifferingRow, type PairKey, TablePair } from '../../legacy/sqlite/table-pair.ts';
import { quoteName } from '../../legacy/sqlite/tables.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { loadedAs, type OldValue, sameDocument, sameLoaded, TableBack } from '../back/index.ts';
import { OUTCOME } from '../ledger.ts';
import type { RawValue } from '../source.ts';
import { RejectedValue } from '../values/coerce.ts';
import { entriesOf } from './duplicate-rows.ts';
import type { OnStep, Stop } from './snapshot.ts';
import type { BackFile, BackTable } from './write-back.ts';

/** A value that came back other than it was. */
export interface ReturnExample {
  readonly source: string;
  readonly file: string;
  readonly key: string;
  readonly column: string;
  readonly was: string;
  readonly came: string;
}

/** A column whose values came back with another spelling and the same meaning. */
export interface OtherForm {
  readonly column: string;
  readonly values: number;
  readonly example: ReturnExample;
}

/** How the rows of a table came back. */
export interface TableReturn {
  readonly source: string;
  /** Of a source in files of JSON the file, or how many they are. */
  readonly file: string;
  /** Empty for a source in files of JSON. */
  readonly table: string;
  /** Rows of the snapshot. */
  readonly rows: number;
  /** The same storage classes and bytes in every column. */
  readonly exact: number;
  /** In some column another spelling of the same instant, number or document. */
  readonly same_meaning: number;
  readonly different: number;
  /** Not there, though they were loaded or quarantined. */
  readonly missing: number;
  /** There, though the snapshot has no such row. */
  readonly unexpected: number;
  /** Not loaded by rule (their time was over), so that they stay in the old file alone. */
  readonly left: number;
  /** Of the rows that came back: out of the quarantine, and out of what another file had. */
  readonly from_quarantine: number;
  readonly from_duplicates: number;
  readonly forms: OtherForm[];
  readonly differences: ReturnExample[];
}

const MAX_EXAMPLES = 10;

export interface CompareOptions {
  readonly tier: DurableTier;
  readonly before: (file: string) => string;
  readonly timezones: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly onStep: OnStep;
  readonly stop: Stop;
}

/** Compares the old databases that were written anew with the snapshot: by storage class and bytes, then by meaning. */
export async function compareBack(
  files: readonly BackFile[],
  options: CompareOptions,
): Promise<TableReturn[]> {
  const results: TableReturn[] = [];
  for (const { file, path, tables } of files) {
    await TablePair.between(options.before(file), path, async (open) => {
      for (const table of tables) {
        if (options.stop.requested) return;
        const pair = open(table.unit.table, table.columns, keyOf(table));
        results.push(await new Comparison(table, pair, options).run());
      }
    });
  }
  return results;
}

/** How rows are known again: by their row number where that is the old id, else by the id or the key columns. */
function keyOf({ unit, layout }: BackTable): PairKey {
  const { source, shape, table } = layout;
  if (unit.keysAreRowNumbers) return { columns: [], numbersAsOne: false, order: [] };
  const names = source.identity === 'legacy_id' ? ['id'] : (shape.keyColumns ?? []);
  const columns = names.flatMap((name) =>
    table.columns.filter((column) => column.name.toLowerCase() === name).map((column) => column.name),
  );
  const primary = table.columns.filter(({ primaryKey }) => primaryKey > 0).map(({ name }) => quoteName(name));
  const numbersAsOne = source.identity === 'legacy_key';
  return { columns, numbersAsOne, order: table.withoutRowid ? primary : ['_rowid_'] };
}

class Comparison {
  private readonly table: BackTable;
  private readonly pair: TablePair;
  private readonly options: CompareOptions;
  private readonly zones: ReadonlyMap<string, string>;
  private readonly forms = new Map<string, { values: number; example: ReturnExample }>();
  private readonly differences: ReturnExample[] = [];
  private sameMeaning = 0;
  private different = 0;

  constructor(table: BackTable, pair: TablePair, options: CompareOptions) {
    this.table = table;
    this.pair = pair;
    this.options = options;
    this.zones = options.timezones.get(table.unit.source.id) ?? new Map();
  }

  async run(): Promise<TableReturn> {
    const { unit, quarantined, duplicates } = this.table;
    const rows = this.pair.count();
    let compared = 0;
    for (const batch of this.pair.differing()) {
      for (const row of batch.rows) this.row(row);
      compared = Math.min(rows, compared + batch.compared);
      this.options.onStep({ name: unit.source.id, phase: 'compare', done: compared, total: rows });
      if (this.options.stop.requested) break;
      await breathe();
    }
    const { missing, left } = await this.absent();
    let unexpected = 0;
    for (const key of this.pair.only('after')) {
      unexpected++;
      this.difference(this.keyText(key), '', 'no such row', 'a row');
    }
    return {
      source: unit.source.id,
      file: unit.files[0]!,
      table: unit.table,
      rows,
      exact: rows - missing - left - this.sameMeaning - this.different,
      same_meaning: this.sameMeaning,
      different: this.different,
      missing,
      unexpected,
      left,
      from_quarantine: quarantined,
      from_duplicates: duplicates,
      forms: [...this.forms].map(([column, seen]) => ({ column, ...seen })),
      differences: this.differences,
    };
  }

  private row({ key, before, after, departures }: DifferingRow): void {
    let worst: 'form' | 'value' = 'form';
    departures.forEach((departure, index) => {
      if (departure === 'none') return;
      const column = this.table.columns[index]!;
      const example = this.example(this.keyText(key), column, before[index]!, after[index]!);
      if (departure === 'bytes' || this.meansTheSame(column, before[index]!, after[index]!)) {
        const seen = this.forms.get(column);
        if (seen === undefined) this.forms.set(column, { values: 1, example });
        else seen.values++;
      } else {
        worst = 'value';
        if (this.differences.length < MAX_EXAMPLES) this.differences.push(example);
      }
    });
    if (worst === 'form') this.sameMeaning++;
    else this.different++;
  }

  private meansTheSame(name: string, before: RawValue, after: RawValue): boolean {
    if (before === null || after === null) return false;
    const { layout } = this.table;
    const place = layout.place(name);
    if (place.kind === 'id') return false;
    if (place.kind === 'extra')
      return sameDocument(TableBack.extraMember(before), TableBack.extraMember(after));
    const column = layout.source.columns[place.index]!;
    const isNumber = (value: OldValue): boolean => typeof value === 'number' || typeof value === 'bigint';
    // Text means what it says and nothing else.
    if (/^(?:text|key)$/.test(column.kind) && !(isNumber(before) && isNumber(after))) return false;
    const zone = this.zones.get(column.name) ?? null;
    try {
      return sameLoaded(column, loadedAs(column, before, zone), loadedAs(column, after, zone));
    } catch (error) {
      if (error instanceof RejectedValue) return false;
      throw error;
    }
  }

  /** Rows that the old file has and the new one has not: left out by rule, or missing. */
  private async absent(): Promise<{ missing: number; left: number }> {
    const { source, name } = this.table.unit;
    const expired = new Set<string>();
    for await (const page of entriesOf(this.options.tier, source, name, OUTCOME.expired))
      for (const { key } of page) expired.add(String(key));
    let missing = 0;
    let left = 0;
    for (const key of this.pair.only('before')) {
      const text = this.keyText(key);
      if (expired.has(text)) {
        left++;
        continue;
      }
      missing++;
      const refused = this.table.refused.find((one) => one.key === text);
      this.difference(text, '', 'a row', refused === undefined ? 'nothing' : `refused: ${refused.reason}`);
    }
    return { missing, left };
  }

  private difference(key: string, column: string, was: string, came: string): void {
    if (this.differences.length >= MAX_EXAMPLES) return;
    const { source, files } = this.table.unit;
    this.differences.push({ source: source.id, file: files[0]!, key, column, was, came });
  }

  private example(key: string, column: string, before: RawValue, after: RawValue): ReturnExample {
    const { source, files } = this.table.unit;
    const [was, came] = shown(before, after);
    return { source: source.id, file: files[0]!, key, column, was, came };
  }

  /** The key as the books have it. */
  private keyText(key: readonly RawValue[]): string {
    if (this.table.unit.source.identity === 'legacy_id') return String(key[0]);
    return key
      .map((part) => String(part ?? ''))
      .map((part) => part.replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll('\u0000', '%00'))
      .join(':');
  }
}

const SHOWN_CHARACTERS = 60;
const SHOWN_BEFORE = 15;

/** Two values in words, from a little before they depart. */
export function shown(before: RawValue, after: RawValue): [string, string] {
  let start = 0;
  if (typeof before === 'string' && typeof after === 'string') {
    while (start < before.length && before[start] === after[start]) start++;
    start = Math.max(0, start - SHOWN_BEFORE);
  }
  return [word(before, start), word(after, start)];
}

function word(value: RawValue, start: number): string {
  if (value === null) return 'NULL';
  if (typeof value === 'bigint') return `INTEGER ${value}`;
  if (typeof value === 'number') return `REAL ${Object.is(value, -0) ? '-0' : value}`;
  if (value instanceof Uint8Array) {
    const hex = Buffer.from(value.subarray(0, SHOWN_CHARACTERS / 2)).toString('hex');
    return `BLOB of ${value.length} bytes ${hex}`;
  }
  const part = value.slice(start, start + SHOWN_CHARACTERS);
  return `TEXT ${start > 0 ? '…' : ''}${JSON.stringify(part)}${value.length > start + SHOWN_CHARACTERS ? '…' : ''}`;
}
