import { atOnce } from '../core/at-once.ts';
import { migrationProgress, migrationWarning } from '../core/diagnostics.ts';
import { codeOf } from '../core/errors.ts';
import { asSourceError } from '../legacy/sqlite/database.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import { chunkRecords, markVerified, type ChunkRecord } from './books.ts';
import { copyUnit } from './copy-unit.ts';
import { reasonOf } from './discover.ts';
import { countClaimed } from './loaded-rows.ts';
import { exitCodeOf, MAX_DIFFERENCES, type Report, type Warning } from './report.ts';
import type { Timezones } from './settings.ts';
import type { FileContext, RawValue, SourceDefinition } from './source.ts';
import { type SourceState, sourceReport } from './source-state.ts';
import { Tally } from './tally.ts';
import type { Discovery, Unit } from './unit.ts';
import { verifyChunk } from './verify.ts';
import { warningsOf } from './warnings.ts';

/** A chunk's name within its source. */
const recordKey = (unit: Unit, record: ChunkRecord): string => `${record.ordinal} ${unit.name}`;

export interface EngineOptions {
  tier: DurableTier;
  discovery: Discovery;
  sources: readonly SourceDefinition[];
  timezones: Timezones;
  nowMicros: number;
}

/** Works through the sources of a directory: copies them, verifies them, and says what it found. */
export class Engine {
  readonly states: SourceState[];
  private readonly options: EngineOptions;
  private readonly startedMs = Date.now();

  constructor(options: EngineOptions) {
    this.options = options;
    this.states = options.sources.map((source) => ({
      source,
      units: options.discovery.units.filter((unit) => unit.source.id === source.id),
      tally: new Tally(),
      elapsedMs: 0,
      changedHere: new Map(),
      records: new Map(),
      verifiedBefore: new Set(),
      differences: [],
      differing: new Set(),
    }));
  }

  context(source: SourceDefinition): FileContext {
    const { nowMicros, timezones, discovery } = this.options;
    return {
      nowMicros,
      timezones: timezones.get(source.id) ?? new Map(),
      companions: discovery.companions,
      onUnreadable: (file, error) => this.unreadable(file, error),
    };
  }

  /** Copies every source. A file that fails while it is read is reported, and the rest goes on. */
  async copy(): Promise<void> {
    for (const state of this.states) {
      if (state.units.length === 0) continue;
      const started = Date.now();
      // What fails here fails again when the unit itself is read, and is reported then.
      const shared = unlessFailing(() => prepare(state.source, state.units, this.context(state.source)));
      const total = unlessFailing(() => totalOf(state.units));
      let done = 0;
      for (const unit of state.units) {
        await this.rememberVerified(state, unit);
        const onRows = (rows: number): void => {
          done += rows;
          migrationProgress.publish(() => ({ source: state.source.id, phase: 'copy', done, total }));
        };
        await this.guard(unit, async () => {
          const options = {
            tier: this.options.tier,
            unit,
            context: this.context(state.source),
            shared,
            tally: state.tally,
            onRows,
          };
          state.changedHere.set(unit, await copyUnit(options));
        });
      }
      state.elapsedMs = Date.now() - started;
    }
  }

  /** Runs what reads a unit; a failure of its file goes into the report, any other is thrown on. */
  async guard(unit: Unit, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const code = codeOf(error);
      const ofSource = /^(SQLITE_|SOURCE_|EACCES|EPERM|ENOENT|EIO|EISDIR)/.test(code);
      if (!ofSource) throw error;
      const file = unit.files[0] ?? unit.name;
      this.unreadable(file, code.startsWith('SQLITE_') ? asSourceError(file, error) : error);
    }
  }

  private unreadable(file: string, error: unknown): void {
    const { unreadable } = this.options.discovery;
    // One damaged file may hold the tables of several sources.
    if (!unreadable.some((known) => known.file === file)) unreadable.push({ file, reason: reasonOf(error) });
  }

  private async rememberVerified(state: SourceState, unit: Unit): Promise<void> {
    for (const record of await this.recordsOf(state.source, unit)) {
      if (record.verified) state.verifiedBefore.add(recordKey(unit, record));
    }
  }

  async recordsOf(source: SourceDefinition, unit: Unit): Promise<ChunkRecord[]> {
    return this.options.tier.session((session) =>
      chunkRecords(session, source.id, unit.name, source.identity === 'legacy_id'),
    );
  }

  /** Verifies every chunk of every source against the ledger of its source rows. */
  async verify(): Promise<void> {
    for (const state of this.states) {
      for (const unit of state.units) state.records.set(unit, await this.recordsOf(state.source, unit));
      const all = [...state.records].flatMap(([unit, records]) =>
        records.map((record) => ({ unit, record })),
      );
      const total = all.reduce((sum, { record }) => sum + record.loaded, 0);
      let done = 0;
      const seen = new Map<Unit, number>();
      await atOnce(Math.min(2, this.options.tier.concurrency), all, async ({ unit, record }) => {
        const rows = await this.verifyRecord(state, unit, record);
        seen.set(unit, (seen.get(unit) ?? 0) + rows);
        done += rows;
        migrationProgress.publish(() => ({ source: state.source.id, phase: 'verify', done, total }));
      });
      await this.markProven(state);
      for (const unit of state.units) await this.requireNoOthers(state, unit, seen.get(unit) ?? 0);
    }
  }

  /** Reports rows that say they came from a unit and stand in none of its chunks. `seen`: rows that do. */
  async requireNoOthers(state: SourceState, unit: Unit, seen: number): Promise<void> {
    const claimed = await this.options.tier.session((session) =>
      countClaimed(session, state.source, unit.name),
    );
    if (claimed === null || claimed <= seen) return;
    const key = `${claimed - seen} outside every chunk`;
    state.differences.push({ source: state.source.id, unit: unit.name, key, kind: 'unexpected' });
  }

  private async markProven(state: SourceState): Promise<void> {
    for (const [unit, records] of state.records) {
      const proven = records.filter(
        (record) => !record.verified && !state.differing.has(recordKey(unit, record)),
      );
      const ordinals = proven.map((record) => record.ordinal);
      if (ordinals.length === 0) continue;
      await this.options.tier.session((session) =>
        markVerified(session, state.source.id, unit.name, ordinals),
      );
    }
  }

  private async verifyRecord(state: SourceState, unit: Unit, record: ChunkRecord): Promise<number> {
    const { source } = state;
    const range = {
      source,
      unit: unit.name,
      ordinal: record.ordinal,
      firstKey: record.firstKey,
      lastKey: record.lastKey,
    };
    const { differences, rows } = await verifyChunk(this.options.tier, range, record);
    const verifiedBefore = state.verifiedBefore.has(recordKey(unit, record)) && record.verified;
    const touched = new Set([...(state.changedHere.get(unit) ?? [])].map(String));
    for (const difference of differences) {
      // A row that was proven once and has other values now was changed here, by its owner.
      const changedHere = difference.kind === 'different' && (verifiedBefore || touched.has(difference.key));
      if (changedHere) state.tally.changedHere++;
      else {
        state.differences.push(difference);
        // What is there of a chunk may be proven though some of it is missing.
        if (difference.kind !== 'missing') state.differing.add(recordKey(unit, record));
      }
    }
    return rows;
  }

  /** Rows whose parent is gone. They load; whoever reads them should know. */
  async orphanWarnings(): Promise<Warning[]> {
    const warnings: Warning[] = [];
    for (const { source, units } of this.states) {
      const { orphans, table, id } = source;
      if (!orphans || units.length === 0) continue;
      const { column, parent, parentColumn } = orphans;
      const { rows } = await this.options.tier.query<{ n: bigint }>(
        `SELECT count(*) AS n FROM ${table} c WHERE c.legacy_source = ANY($1)
         AND NOT EXISTS (SELECT FROM ${parent} p WHERE p.${parentColumn} = c.${column})`,
        [units.map((unit) => unit.name)],
      );
      const count = Number(rows[0]?.n ?? 0);
      if (count === 0) continue;
      const detail = `${column} of ${count} ${count === 1 ? 'row' : 'rows'} is in no row of ${parent}: loaded all the same`;
      warnings.push({ code: 'ORPHAN', source: id, column, rows: count, detail });
    }
    return warnings;
  }

  report(warnings: readonly Warning[]): Report {
    const { discovery } = this.options;
    const differences = this.states.flatMap((state) => state.differences);
    const report: Report = {
      ok: true,
      exit: 0,
      directory: discovery.directory,
      elapsed_ms: Date.now() - this.startedMs,
      sources: this.states.map(sourceReport),
      unreadable: discovery.unreadable,
      unclaimed: discovery.unclaimed,
      warnings: [...this.warnings(), ...warnings],
      differences: differences.slice(0, MAX_DIFFERENCES),
      differences_total: differences.length,
    };
    report.exit = exitCodeOf(report);
    report.ok = report.exit === 0 || report.exit === 3;
    for (const { code, source, detail } of report.warnings)
      migrationWarning.publish(() => ({ code, source, detail }));
    return report;
  }

  private warnings(): Warning[] {
    const { timezones, nowMicros } = this.options;
    return this.states.flatMap(({ source, tally }) =>
      warningsOf(source, tally, timezones.get(source.id) ?? new Map(), nowMicros),
    );
  }
}

/** The rows that all units of a source hold, as far as that is cheap to know. */
function totalOf(units: readonly Unit[]): number | undefined {
  let total = 0;
  for (const unit of units) {
    const rows = unit.estimate();
    if (rows === null) return undefined;
    total += rows;
  }
  return total;
}

function unlessFailing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Lets a source look at all its rows before the first is loaded. */
export function prepare(source: SourceDefinition, units: readonly Unit[], context: FileContext): unknown {
  if (!source.prepare) return undefined;
  return source.prepare(
    (function* () {
      for (const unit of units) {
        for (const row of unit.rows(context)) {
          const get = (name: string): RawValue => row.values[unit.columns.indexOf(name)] ?? null;
          yield { unit: unit.name, key: row.key, get };
        }
      }
    })(),
  );
}
