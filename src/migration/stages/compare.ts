import { setImmediate as breathe } from 'node:timers/promises';
import {
  JSONB_TEXT,
  fieldInt8,
  fieldText,
  readTuples,
  TupleWriter,
  type TupleView,
} from '../../tiers/durable/copy-binary.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { Chunk, ChunkEncoder } from '../chunk.ts';
import { isLoaded, type RowKey } from '../ledger.ts';
import { isBetween, isOneOf, type KeyCondition, loadedRows, setAside } from './loaded.ts';
import type { FileContext, SourceRow } from '../source.ts';
import { TableUnit } from '../table-unit.ts';
import type { Unit } from '../unit.ts';
import { scanJsonBytes } from '../values/json-scan.ts';
import { copyColumns, jsonFields } from '../values/row-encoder.ts';
import { RowHash } from '../values/row-hash.ts';

/** Where a NUMERIC's display scale stands in its field: behind the length, the count of digits, the weight and the sign. */
const NUMERIC_SCALE = 10;
/** Rows of both sides that are compared together. */
const ROWS_PER_BATCH = 2000;

/**
 * What comparing a row of the old side with PostgreSQL's gives: `missing`: only the old side has it, `extra`: only PostgreSQL
 * has; `aside`: the old side's row is none that can be loaded (it stands in the quarantine, or its time is over).
 */
export type Verdict = 'match' | 'mismatch' | 'missing' | 'extra' | 'aside';

/** Both sides of a unit, row by row, by what their values mean: bytes kept beside a row are none of its values. */
export class Sides {
  readonly unit: Unit;
  private readonly tier: DurableTier;
  private readonly context: FileContext;
  private readonly shared: unknown;
  private readonly writer = new TupleWriter(1 << 16);
  private readonly hash = new RowHash();
  private readonly isJson: boolean[];
  private readonly isShared: boolean[];
  private readonly isMoney: boolean[];

  constructor(tier: DurableTier, unit: Unit, context: FileContext, shared: unknown) {
    this.tier = tier;
    this.unit = unit;
    this.context = context;
    this.shared = shared;
    this.isJson = jsonFields(unit.source);
    const ofFile = new Set(unit.source.ofWholeFile);
    const columns = copyColumns(unit.source);
    this.isShared = columns.map((name) => ofFile.has(name));
    const money = new Set(
      unit.source.columns.filter(({ kind }) => kind === 'money').map(({ target }) => target),
    );
    this.isMoney = columns.map((name) => money.has(name));
  }

  /** Compares the rows of some keys, as they are now. The old side is read first. */
  async compare(keys: readonly RowKey[]): Promise<Map<RowKey, Verdict>> {
    const { unit } = this;
    const byNumber = unit instanceof TableUnit && unit.keysAreRowNumbers;
    const rows = byNumber ? [...unit.some(keys as bigint[])] : this.wanted(new Set(keys));
    return this.verdicts(rows, keys, isOneOf(unit.source, keys));
  }

  /** Compares every row that either side has, in batches in the order of their keys. */
  async *all(): AsyncGenerator<Map<RowKey, Verdict>> {
    let after: RowKey | null = null;
    let batch: SourceRow[] = [];
    for (const row of this.unit.rows(this.context)) {
      // Rows with one key stay together.
      if (batch.length >= ROWS_PER_BATCH && batch.at(-1)!.key !== row.key) {
        const last = batch.at(-1)!.key;
        yield await this.range(batch, after, last);
        [after, batch] = [last, []];
        await breathe();
      }
      batch.push(row);
    }
    yield await this.range(batch, after, null);
  }

  /** Rows of the old side, with all that PostgreSQL has between two keys, the second with it. */
  private range(
    rows: readonly SourceRow[],
    after: RowKey | null,
    last: RowKey | null,
  ): Promise<Map<RowKey, Verdict>> {
    return this.verdicts(
      rows,
      rows.map(({ key }) => key),
      isBetween(this.unit.source, after, last),
    );
  }

  private async verdicts(
    rows: readonly SourceRow[],
    keys: readonly RowKey[],
    condition: KeyCondition,
  ): Promise<Map<RowKey, Verdict>> {
    const old = this.oldHashes(rows);
    return this.tier.session(async (session) => {
      const loaded = await this.newHashes(session, condition);
      const verdicts = new Map<RowKey, Verdict>();
      for (const key of [...keys, ...loaded.keys()])
        verdicts.set(key, verdictOf(old.get(key), loaded.get(key)));
      const missing = [...verdicts].flatMap(([key, verdict]) => (verdict === 'missing' ? [key] : []));
      for (const key of await setAside(session, this.unit, missing)) verdicts.set(key, 'aside');
      return verdicts;
    });
  }

  private wanted(keys: ReadonlySet<RowKey>): SourceRow[] {
    const found: SourceRow[] = [];
    for (const row of this.unit.rows(this.context)) if (keys.has(row.key)) found.push(row);
    return found;
  }

  /** By key; null for a row that cannot be loaded. Of rows with one key the first counts. */
  private oldHashes(rows: readonly SourceRow[]): Map<RowKey, string | null> {
    const chunk = new Chunk(this.unit, this.writer, this.context);
    const encoder = new ChunkEncoder(this.unit, this.context, this.shared);
    const hashes = new Map<RowKey, string | null>();
    for (const row of rows) {
      const encoded = encoder.add(chunk, row);
      if (hashes.has(row.key)) continue;
      const fit = isLoaded(encoded.outcome);
      hashes.set(row.key, fit ? this.hashAt(encoded.start) : null);
    }
    return hashes;
  }

  private hashAt(start: number): string {
    const { buffer } = this.writer;
    const fields = this.isJson.length;
    const offsets = new Int32Array(fields + 1);
    let at = start + 2;
    for (let field = 0; field < fields; field++) {
      offsets[field] = at;
      at += 4 + Math.max(0, buffer.readInt32BE(at));
    }
    offsets[fields] = at;
    return this.plainHash({ buffer, offsets, fields });
  }

  private async newHashes(session: Session, condition: KeyCondition): Promise<Map<RowKey, string>> {
    const { source, name } = this.unit;
    const hashes = new Map<RowKey, string>();
    const sql = loadedRows(source, name, copyColumns(source), condition);
    await readTuples(session.copyOut(`COPY (${sql})`), this.isJson.length, (view) => {
      const key =
        source.identity === 'legacy_id'
          ? fieldInt8(view, 1)
          : fieldText(view, source.identity === 'legacy_key' ? 1 : 0)!;
      hashes.set(key, this.plainHash(view));
    });
    return hashes;
  }

  /** Of the values from the second field on: the first says where a row was found. */
  private plainHash({ buffer, offsets, fields }: TupleView): string {
    const { hash } = this;
    hash.reset();
    for (let field = 1; field < fields; field++) {
      if (this.isShared[field]) continue;
      const [at, end] = [offsets[field]!, offsets[field + 1]!];
      const isNull = buffer.readInt32BE(at) < 0;
      if (this.isMoney[field] && !isNull) {
        // But for its display scale: 0.5 and 0.50 are one amount.
        hash.bytes(buffer, at + 4, at + NUMERIC_SCALE);
        hash.bytes(buffer, at + NUMERIC_SCALE + 2, end);
      } else if (!this.isJson[field] || isNull) hash.bytes(buffer, at, end);
      else {
        const scan = scanJsonBytes(buffer, at + JSONB_TEXT, end);
        hash.word(scan.a);
        hash.word(scan.b);
      }
    }
    hash.finish();
    return `${hash.a} ${hash.b}`;
  }
}

function verdictOf(old: string | null | undefined, loaded: string | undefined): Verdict {
  if (old === null) return 'aside';
  if (old === undefined) return loaded === undefined ? 'match' : 'extra';
  if (loaded === undefined) return 'missing';
  return old === loaded ? 'match' : 'mismatch';
}
