import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { setImmediate as breathe } from 'node:timers/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { migrationProgress } from '../core/diagnostics.ts';
import { codeOf } from '../core/errors.ts';
import { asSourceError } from '../legacy/sqlite/database.ts';
import { KeySet } from '../legacy/sqlite/key-set.ts';
import { quickCheck } from '../legacy/sqlite/quick-check.ts';
import { TupleWriter } from '../tiers/durable/copy-binary.ts';
import { Chunk, ChunkEncoder } from './chunk.ts';
import { discover, reasonOf } from './discover.ts';
import { prepare } from './engine.ts';
import { parentWarnings } from './inspect-parent.ts';
import { isLoaded, OUTCOME } from './ledger.ts';
import type { SourceReport, Warning } from './report.ts';
import { requireSomething, selectSources } from './run.ts';
import type { Timezones } from './settings.ts';
import type { FileContext, RawValue, SourceDefinition } from './source.ts';
import { builtInSources } from './sources/index.ts';
import { Tally } from './tally.ts';
import type { Discovery, Unit, Unreadable } from './unit.ts';
import { warningsOf } from './warnings.ts';

const ROWS_PER_TURN = 500;

/** What a source holds and what a run would make of it. */
export type SourceInspection = Omit<SourceReport, 'loaded' | 'verified' | 'checksum' | 'rows_per_second'> & {
  /** Bytes of its files; a database of several sources counts for each. */
  bytes: number;
  /** Rows that a run would load. */
  loadable: number;
};

export interface Inspection {
  ok: boolean;
  exit: number;
  directory: string;
  elapsed_ms: number;
  sources: SourceInspection[];
  unreadable: Unreadable[];
  unclaimed: string[];
  warnings: Warning[];
}

export interface InspectOptions {
  directory: string;
  stores?: readonly string[];
  timezones?: Timezones;
  sources?: readonly SourceDefinition[];
  clock?: Clock;
}

/**
 * Reads all of an old directory as a run would, and says what is there and what is wrong with it. Needs no database and
 * writes nothing but scratch files, which it removes.
 *
 * @throws StockroomError DIRECTORY_NOT_FOUND, NOTHING_TO_MIGRATE, SOURCE_UNKNOWN
 */
export async function inspectDirectory(options: InspectOptions): Promise<Inspection> {
  const started = Date.now();
  const all = options.sources ?? builtInSources;
  const sources = selectSources(all, options.stores ?? []);
  const discovery = await discover(options.directory, all);
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-inspect-'));
  try {
    requireSomething(discovery);
    const warnings = checkDatabases(discovery);
    const inspector = new Inspector(discovery, options, join(scratch, 'keys.db'));
    const inspected: SourceInspection[] = [];
    for (const source of sources) inspected.push(await inspector.inspect(source));
    inspector.close();
    const quarantined = inspected.some((source) => source.quarantined > 0);
    const exit = discovery.unreadable.length > 0 || quarantined ? 3 : 0;
    return {
      ok: true,
      exit,
      directory: discovery.directory,
      elapsed_ms: Date.now() - started,
      sources: inspected,
      unreadable: discovery.unreadable,
      unclaimed: discovery.unclaimed,
      warnings: [...warnings, ...inspector.warnings, ...parentWarnings(discovery.directory, inspected)],
    };
  } finally {
    await discovery.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function checkDatabases(discovery: Discovery): Warning[] {
  const warnings: Warning[] = [];
  for (const [file, { connection }] of discovery.databases) {
    const damage = quickCheck(connection);
    if (damage === null) continue;
    const units = discovery.units.filter((unit) => unit.files.includes(file));
    for (const unit of units) {
      const detail = `${file} is damaged (${damage}): what can be read is loaded; recover the rest with sqlite3's .recover`;
      warnings.push({ code: 'DAMAGED', source: unit.source.id, column: null, rows: 0, detail });
    }
  }
  return warnings;
}

class Inspector {
  readonly warnings: Warning[] = [];
  private readonly discovery: Discovery;
  private readonly options: InspectOptions;
  private readonly keys: KeySet;
  private readonly nowMicros: number;

  constructor(discovery: Discovery, options: InspectOptions, scratchFile: string) {
    this.discovery = discovery;
    this.options = options;
    this.keys = new KeySet(scratchFile);
    this.nowMicros = (options.clock ?? systemClock)().getTime() * 1000;
  }

  close(): void {
    this.keys.close();
  }

  async inspect(source: SourceDefinition): Promise<SourceInspection> {
    const units = this.discovery.units.filter((unit) => unit.source.id === source.id);
    const tally = new Tally();
    const context = this.context(source);
    for (const unit of units) {
      try {
        await this.inspectUnit(unit, units, context, tally);
      } catch (error) {
        const file = unit.files[0] ?? unit.name;
        const failure = codeOf(error).startsWith('SQLITE_') ? asSourceError(file, error) : error;
        this.discovery.unreadable.push({ file, reason: reasonOf(failure) });
      }
    }
    this.warnings.push(...warningsOf(source, tally, context.timezones, this.nowMicros));
    if (source.orphans) this.warnOfOrphans(source);
    const files = [...new Set(units.flatMap((unit) => unit.files))];
    const { read, loaded, quarantined, skipped, skippedReason, altered, rejections } = tally;
    return {
      id: source.id,
      store: source.store,
      files,
      bytes: this.discovery.files
        .filter((file) => files.includes(file.path))
        .reduce((sum, file) => sum + file.bytes, 0),
      read,
      loadable: loaded,
      quarantined,
      skipped,
      skipped_reason: skippedReason,
      altered,
      quarantine_reasons: Object.fromEntries(rejections),
    };
  }

  private context(source: SourceDefinition): FileContext {
    return {
      nowMicros: this.nowMicros,
      timezones: this.options.timezones?.get(source.id) ?? new Map(),
      companions: this.discovery.companions,
      onUnreadable: (file, error) => this.discovery.unreadable.push({ file, reason: reasonOf(error) }),
    };
  }

  private async inspectUnit(
    unit: Unit,
    units: readonly Unit[],
    context: FileContext,
    tally: Tally,
  ): Promise<void> {
    const encoder = new ChunkEncoder(unit, context, prepare(unit.source, units, context));
    const writer = new TupleWriter();
    let chunk = new Chunk(unit, writer, context);
    const close = (): void => {
      tally.addChunk(chunk);
      migrationProgress.publish(() => ({
        source: unit.source.id,
        phase: 'inspect',
        done: tally.read,
        total: undefined,
      }));
      chunk = new Chunk(unit, writer, context);
    };
    let count = 0;
    for (const row of unit.rows(context)) {
      // Signals are heard, and progress is drawn, between two turns.
      if (++count % ROWS_PER_TURN === 0) await breathe();
      const encoded = encoder.add(chunk, row);
      if (isLoaded(encoded.outcome)) {
        this.noteKeys(unit, row.key, row.values, encoded, units.length > 1, tally);
      }
      if (chunk.isFull) close();
    }
    close();
    encoder.observe(tally);
  }

  /** Finds what a database would: a row that was seen in another file, a unique key that is taken, the keys of parents. */
  private noteKeys(
    unit: Unit,
    key: bigint | string,
    values: readonly RawValue[],
    encoded: Chunk['rows'][number],
    several: boolean,
    tally: Tally,
  ): void {
    const { source } = unit;
    if (several && source.identity !== 'legacy_source') {
      const hash = `${encoded.a}:${encoded.b}`;
      const known = this.keys.get(`row ${source.id} ${key}`);
      if (known === null) this.keys.put(`row ${source.id} ${key}`, hash);
      else if (known === hash) {
        encoded.outcome = OUTCOME.duplicate;
        return;
      } else tally.overlapping++;
    }
    if (source.uniqueKey) {
      const unique = uniqueKeyOf(source, values);
      if (!this.keys.put(unique, '')) {
        encoded.outcome = OUTCOME.quarantined;
        const detail = `another row with the same unique key would be in ${source.table}`;
        encoded.rejection = { reason: 'DUPLICATE_KEY', column: null, detail, bytes: new Uint8Array() };
        return;
      }
    }
    if (source.table === 'pick_events') this.keys.put(`parent ${String(values[0])}`, '');
    if (source.orphans)
      this.keys.put(`child ${source.id} ${unit.name} ${key}`, `parent ${String(values[0])}`);
  }

  private warnOfOrphans(source: SourceDefinition): void {
    const rows = this.keys.countDangling(`child ${source.id} `);
    if (rows === 0) return;
    const { column, parent } = source.orphans!;
    const detail = `${column} of ${rows} ${rows === 1 ? 'row' : 'rows'} is in no row of ${parent}: loaded all the same`;
    this.warnings.push({ code: 'ORPHAN', source: source.id, column, rows, detail });
  }
}

/** The values of the key columns: what the table's own unique key is made of. */
function uniqueKeyOf(source: SourceDefinition, values: readonly RawValue[]): string {
  const parts = source.columns.flatMap((column, index) =>
    column.kind === 'key' || column.target === 'computed_at' ? [String(values[index])] : [],
  );
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('base64');
  return `unique ${source.family ?? source.table} ${hash}`;
}
