import { setImmediate as breathe } from 'node:timers/promises';
import { codeOf } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { loadedAs, quarantinedPages, sameDocument, sameLoaded } from '../back/index.ts';
import { discover } from '../discover.ts';
import { compareKeys, OUTCOME, type Outcome, type RowKey } from '../ledger.ts';
import type { Timezones } from '../settings.ts';
import type { FileContext, SourceDefinition, SourceRow } from '../source.ts';
import type { Discovery, Unit } from '../unit.ts';
import { RejectedValue } from '../values/coerce.ts';
import { extraJson } from '../values/extra.ts';
import { type OtherForm, type ReturnExample, shown, type TableReturn } from './compare.ts';
import { entriesOf } from './duplicate-rows.ts';
import type { OnStep, Stop } from './snapshot.ts';
import type { BackFiles } from './write-files.ts';

const MAX_EXAMPLES = 10;
/** Rows after which signals are heard. */
const ROWS_PER_TURN = 1000;

export interface CompareFilesOptions {
  readonly tier: DurableTier;
  /** The snapshot. */
  readonly discovery: Discovery;
  /** Where the files were written back. */
  readonly target: string;
  readonly timezones: Timezones;
  readonly nowMicros: number;
  readonly onStep: OnStep;
  readonly stop: Stop;
}

/** Compares the files that were written back with the snapshot, row by row: by bytes, then by meaning. One result a source. */
export async function compareFiles(
  files: readonly BackFiles[],
  options: CompareFilesOptions,
): Promise<TableReturn[]> {
  if (files.length === 0) return [];
  const bySource = new Map<SourceDefinition, BackFiles[]>();
  for (const one of files) bySource.set(one.unit.source, [...(bySource.get(one.unit.source) ?? []), one]);
  const after = await discover(options.target, [...bySource.keys()]);
  try {
    const results: TableReturn[] = [];
    for (const [source, units] of bySource) {
      const comparison = new FileComparison(source, options, after);
      for (const one of units) {
        if (options.stop.requested) return results;
        await comparison.unit(one);
      }
      results.push(comparison.result(units));
    }
    return results;
  } finally {
    await after.close();
  }
}

interface Pair {
  readonly key: RowKey;
  readonly before: SourceRow | null;
  readonly after: SourceRow | null;
}

class FileComparison {
  private readonly source: SourceDefinition;
  private readonly options: CompareFilesOptions;
  private readonly afterwards: Discovery;
  private readonly zones: ReadonlyMap<string, string>;
  private readonly counts = {
    rows: 0,
    exact: 0,
    same_meaning: 0,
    different: 0,
    missing: 0,
    unexpected: 0,
    left: 0,
    from_quarantine: 0,
    from_duplicates: 0,
  };
  private readonly forms = new Map<string, { values: number; example: ReturnExample }>();
  private readonly differences: ReturnExample[] = [];

  constructor(source: SourceDefinition, options: CompareFilesOptions, afterwards: Discovery) {
    this.source = source;
    this.options = options;
    this.afterwards = afterwards;
    this.zones = options.timezones.get(source.id) ?? new Map();
  }

  async unit({ unit, refused }: BackFiles): Promise<void> {
    const { tier, discovery, onStep, stop } = this.options;
    const outcomes = new Map<RowKey, Outcome>();
    for await (const page of entriesOf(tier, this.source, unit.name, OUTCOME.quarantined, OUTCOME.expired))
      for (const { key, outcome } of page) outcomes.set(key, outcome);
    const kept = new Set<string>();
    for await (const page of quarantinedPages(tier, this.source.id, unit.name))
      for (const { key, bytes } of page) kept.add(`${key} ${Buffer.from(bytes).toString('latin1')}`);
    const other = this.afterwards.units.find(
      ({ source, name }) => source.id === this.source.id && name === unit.name,
    );
    const before = readable(unit.rows(this.context(discovery)));
    const after = readable(other?.rows(this.context(this.afterwards)) ?? []);
    let turn = 0;
    for (const pair of pairs(before, after)) {
      this.pair(unit, pair, outcomes.get(pair.key), { refused, kept });
      if (++turn % ROWS_PER_TURN > 0) continue;
      onStep({ name: this.source.id, phase: 'compare', done: this.counts.rows, total: undefined });
      if (stop.requested) return;
      await breathe();
    }
  }

  result(units: readonly BackFiles[]): TableReturn {
    const files = units.flatMap(({ unit }) => unit.files);
    const forms: OtherForm[] = [...this.forms].map(([column, seen]) => ({ column, ...seen }));
    return {
      source: this.source.id,
      file: files.length === 1 ? files[0]! : `${files.length} files`,
      table: '',
      ...this.counts,
      forms,
      differences: this.differences,
    };
  }

  private context({ companions }: Discovery): FileContext {
    const { nowMicros } = this.options;
    // What cannot be read is reported by the run; what cannot be read any more is missing.
    return { nowMicros, timezones: this.zones, companions, onUnreadable: () => undefined };
  }

  private pair(
    unit: Unit,
    { key, before, after }: Pair,
    outcome: Outcome | undefined,
    { refused, kept }: { refused: ReadonlyMap<string, string>; kept: ReadonlySet<string> },
  ): void {
    const { counts } = this;
    const example = (column: string, was: string, came: string): ReturnExample => {
      const file = unit.files.length === 1 ? unit.files[0]! : String(key);
      return { source: this.source.id, file, key: String(key), column, was, came };
    };
    if (before === null) {
      counts.unexpected++;
      this.differ(example('', 'no such row', 'a row'));
      return;
    }
    counts.rows++;
    const refusal = refused.get(String(key));
    if (after === null || refusal !== undefined) {
      counts.missing++;
      this.differ(example('', 'a row', refusal === undefined ? 'nothing' : `refused: ${refusal}`));
      return;
    }
    const [was, came] = [wholeOf(before), wholeOf(after)];
    const departing = was === came ? [] : this.departures(before, after);
    if (outcome === OUTCOME.quarantined) {
      // Of several rows of one key only some may be there; what is, is there byte for byte.
      if (kept.has(`${key} ${bytesOf(before)}`)) counts.from_quarantine++;
    }
    if (outcome === OUTCOME.expired) counts.left++;
    else if (was === came) counts.exact++;
    else if (departing.length === 0) {
      counts.same_meaning++;
      const seen = this.forms.get('row');
      const values = shown(was, came);
      if (seen === undefined) this.forms.set('row', { values: 1, example: example('row', ...values) });
      else seen.values++;
    } else {
      counts.different++;
      for (const column of departing) this.differ(example(column, ...shown(was, came)));
    }
  }

  /** The columns in which two readings of a row do not mean the same. */
  private departures(before: SourceRow, after: SourceRow): string[] {
    if (before.rejected !== undefined || after.rejected !== undefined) return ['row'];
    const names = this.source.columns.flatMap((column, index) => {
      const zone = this.zones.get(column.name) ?? null;
      try {
        const [a, b] = [before, after].map(({ values }) => loadedAs(column, values[index] ?? null, zone));
        return sameLoaded(column, a!, b!) ? [] : [column.name];
      } catch (error) {
        if (error instanceof RejectedValue) return [column.name];
        throw error;
      }
    });
    const [a, b] = [before, after].map(({ extra }) => extraJson(extra ?? new Map(), () => undefined));
    return sameDocument(a!, b!) ? names : [...names, 'other members'];
  }

  private differ(example: ReturnExample): void {
    if (this.differences.length < MAX_EXAMPLES) this.differences.push(example);
  }
}

/** Rows of a file; none of one that cannot be read, as the run has reported. */
function* readable(rows: Iterable<SourceRow>): Generator<SourceRow> {
  try {
    yield* rows;
  } catch (error) {
    if (codeOf(error) !== 'SOURCE_UNREADABLE') throw error;
  }
}

/** Rows of two readings that have one key, those of the same key in their order. */
function* pairs(before: Iterable<SourceRow>, after: Iterable<SourceRow>): Generator<Pair> {
  const [left, right] = [before[Symbol.iterator](), after[Symbol.iterator]()];
  let [one, other] = [left.next(), right.next()];
  while (one.done !== true || other.done !== true) {
    const order =
      one.done === true ? 1 : other.done === true ? -1 : compareKeys(one.value.key, other.value.key);
    const key = order <= 0 ? one.value!.key : other.value!.key;
    yield { key, before: order <= 0 ? one.value! : null, after: order >= 0 ? other.value! : null };
    if (order <= 0) one = left.next();
    if (order >= 0) other = right.next();
  }
}

/** A row's bytes, and what its companion says of it. */
function wholeOf(row: SourceRow): string {
  const values = row.values.map((value) =>
    typeof value === 'string' && value.length > MAX_BESIDE ? '' : String(value),
  );
  return `${bytesOf(row)} ${values.join(' ')}`;
}

const bytesOf = (row: SourceRow): string => Buffer.from(row.original?.() ?? []).toString('latin1');

/** Longer values are documents, which stand in the row's own bytes. */
const MAX_BESIDE = 200;
