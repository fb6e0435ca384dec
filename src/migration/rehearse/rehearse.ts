import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import type { DurableConfig } from '../../tiers/durable/index.ts';
import { fileBackOf } from '../back/index.ts';
import { discover } from '../discover.ts';
import { parentWarnings } from '../inspect-parent.ts';
import { inspectDirectory } from '../inspect.ts';
import type { Report } from '../report.ts';
import { runMigration, verifyMigration } from '../run.ts';
import { knownTimezones, type Timezones } from '../settings.ts';
import { builtInSources } from '../sources/index.ts';
import { TableUnit } from '../table-unit.ts';
import type { Discovery, Unreadable } from '../unit.ts';
import { compareBack, type TableReturn } from './compare.ts';
import { compareFiles } from './compare-files.ts';
import {
  exitOf,
  firstDifferences,
  type LeftOut,
  type Phase,
  type PhaseName,
  type Rehearsal,
  sumOf,
} from './report.ts';
import { openScratch, type Scratch } from './scratch.ts';
import {
  freeBytesOf,
  type OnStep,
  planSnapshot,
  requireSpace,
  scratchBytesOf,
  type SnapshotPlan,
  type Stop,
  takeSnapshot,
} from './snapshot.ts';
import { databaseBytes, openWorkspace, type Workspace } from './workspace.ts';
import { writeBack } from './write-back.ts';
import { writeFilesBack } from './write-files.ts';

export interface RehearsalOptions {
  readonly directory: string;
  /** The database to rehearse in: a schema of its own there, or an embedded one in scratch. */
  readonly config: DurableConfig;
  /** Stores or sources to take; all when empty. */
  readonly stores?: readonly string[];
  readonly timezones?: Timezones;
  /** Leave the scratch directory and the schema for a look. */
  readonly keep?: boolean;
  readonly clock?: Clock;
  readonly onStep?: OnStep;
  readonly onPhase?: (phase: Phase) => void;
  /** Takes what has to be closed when the process is told to end; gives the way to close it earlier. */
  readonly holding?: (close: () => Promise<void>) => () => Promise<void>;
  /** Bytes that are free where a directory is. */
  readonly freeBytes?: (directory: string) => Promise<number>;
}

/**
 * The whole move and the way back on a snapshot: nothing in the directory is changed, nothing is created beside it, and
 * nothing of it stays in the database.
 *
 * @throws StockroomError DIRECTORY_NOT_FOUND, NOTHING_TO_MIGRATE, SOURCE_UNKNOWN, CONFLICT (too little space),
 *   INTERRUPTED, and what opening the database throws
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  requireDirectory(options.directory);
  const stop: Stop = { requested: false };
  const scratch = await openScratch();
  const cleaner = new Cleaner(scratch, stop, options.keep === true);
  const close = options.holding?.(() => cleaner.close()) ?? (() => cleaner.close());
  try {
    const rehearsal = await new Rehearser(options, scratch.directory, cleaner, stop).run();
    await close();
    return rehearsal;
  } catch (error) {
    await close();
    throw error;
  }
}

function requireDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new StockroomError('DIRECTORY_NOT_FOUND', `expected a directory at ${directory}: check the path`, {
    details: { directory },
  });
}

/** Takes down what a rehearsal built, in whatever state it is. */
class Cleaner {
  private readonly scratch: Scratch;
  private readonly stop: Stop;
  private readonly keep: boolean;
  private readonly closers: (() => Promise<void>)[] = [];

  constructor(scratch: Scratch, stop: Stop, keep: boolean) {
    this.scratch = scratch;
    this.stop = stop;
    this.keep = keep;
  }

  add(close: () => Promise<void>): () => Promise<void> {
    let closing: Promise<void> | undefined;
    const once = (): Promise<void> => (closing ??= close());
    this.closers.push(once);
    return once;
  }

  async close(): Promise<void> {
    this.stop.requested = true;
    try {
      for (const close of this.closers.splice(0).reverse()) await close();
    } finally {
      if (this.keep) this.scratch.keep();
      else await this.scratch.remove();
    }
  }
}

class Rehearser {
  private readonly options: RehearsalOptions;
  private readonly scratch: string;
  private readonly cleaner: Cleaner;
  private readonly stop: Stop;
  private readonly startedMs = Date.now();
  private readonly phases: Phase[] = [];
  private readonly onStep: OnStep;

  constructor(options: RehearsalOptions, scratch: string, cleaner: Cleaner, stop: Stop) {
    this.options = options;
    this.scratch = scratch;
    this.cleaner = cleaner;
    this.stop = stop;
    this.onStep = options.onStep ?? (() => undefined);
  }

  async run(): Promise<Rehearsal> {
    const { directory, config, stores = [], timezones, clock, keep = false } = this.options;
    const plan = planSnapshot(directory);
    await this.requireSpace(plan);
    const snapshot = join(this.scratch, 'snapshot');
    mkdirSync(snapshot);
    await this.phase('snapshot', async () => {
      const bytes = await takeSnapshot(plan, snapshot, this.onStep, this.stop);
      return { result: undefined, rows: null, bytes };
    });
    const move = {
      directory: snapshot,
      stores,
      ...(timezones ? { timezones } : {}),
      ...(clock ? { clock } : {}),
    };
    await this.phase('inspect', async () => ({
      result: undefined,
      rows: rowsRead((await inspectDirectory(move)).sources),
      bytes: null,
    }));
    const workspace = await openWorkspace(config, this.scratch, keep);
    const closeWorkspace = this.cleaner.add(() => workspace.close());
    const { tier } = workspace;
    const run = await this.phase('run', async () => moved(await runMigration({ tier, ...move })));
    const verify = await this.phase('verify', async () => moved(await verifyMigration({ tier, ...move })));
    const { tables, leftOut } = await this.returnRows(workspace, snapshot);
    const bytes = await databaseBytes(tier);
    const { location, schema } = tier;
    await closeWorkspace();
    const kept = { directory: this.scratch, schema: `${schema} at ${location}` };
    return { ...this.report(plan, run, verify, tables, leftOut, bytes), scratch: keep ? kept : null };
  }

  private async requireSpace(plan: SnapshotPlan): Promise<void> {
    const { freeBytes = freeBytesOf, config } = this.options;
    const needed = scratchBytesOf(plan, config.databaseUrl === undefined);
    requireSpace(this.scratch, needed, await freeBytes(this.scratch));
  }

  /** The way back: the old databases and files written anew and compared with the snapshot. */
  private async returnRows(
    { tier }: Workspace,
    snapshot: string,
  ): Promise<{ tables: TableReturn[]; leftOut: LeftOut[] }> {
    const { onStep, stop } = this;
    const discovery = await discover(snapshot, this.sources());
    const close = this.cleaner.add(() => discovery.close());
    const timezones = await tier.session(knownTimezones);
    const target = join(this.scratch, 'back');
    mkdirSync(target);
    const nowMicros = (this.options.clock ?? systemClock)().getTime() * 1000;
    const shared = { tier, discovery, timezones, target, nowMicros, onStep, stop };
    const { files, documents } = await this.phase('back', async () => {
      const result = { files: await writeBack(shared), documents: await writeFilesBack(shared) };
      const rows = result.files
        .flatMap((file) => file.tables)
        .reduce((sum, table) => sum + table.loaded + table.quarantined + table.duplicates, 0);
      return { result, rows: result.documents.reduce((sum, { loaded }) => sum + loaded, rows), bytes: null };
    });
    const before = (file: string): string => join(snapshot, file);
    const tables = await this.phase('compare', async () => {
      const result = [
        ...(await compareBack(files, { tier, before, timezones, onStep, stop })),
        ...(await compareFiles(documents, shared)),
      ];
      return { result, rows: result.reduce((sum, { rows }) => sum + rows, 0), bytes: null };
    });
    const leftOut = leftOutOf(discovery);
    await close();
    return { tables, leftOut };
  }

  private sources(): typeof builtInSources {
    const { stores = [] } = this.options;
    return stores.length === 0
      ? builtInSources
      : builtInSources.filter(({ id, store }) => stores.includes(id) || stores.includes(store));
  }

  private async phase<T>(
    name: PhaseName,
    work: () => Promise<{ result: T; rows: number | null; bytes: number | null }>,
  ): Promise<T> {
    if (this.stop.requested) throw new StockroomError('INTERRUPTED', 'the rehearsal was stopped');
    const started = performance.now();
    const { result, rows, bytes } = await work();
    const phase = { name, elapsed_ms: Math.round(performance.now() - started), rows, bytes };
    this.phases.push(phase);
    this.options.onPhase?.(phase);
    return result;
  }

  private report(
    plan: SnapshotPlan,
    run: Report,
    verify: Report,
    tables: TableReturn[],
    leftOut: readonly LeftOut[],
    bytes: number,
  ): Omit<Rehearsal, 'scratch'> {
    const back = sumOf(tables);
    const unreadable = merged(plan.unreadable, run.unreadable);
    const exit = exitOf(run, verify, back, unreadable.length);
    const elapsed = (name: PhaseName): number =>
      this.phases.find((phase) => phase.name === name)?.elapsed_ms ?? 0;
    const rowsOf = new Map(run.sources.map(({ id, read }) => [id, read]));
    return {
      ok: exit === 0 || exit === 3,
      exit,
      directory: plan.directory,
      elapsed_ms: Date.now() - this.startedMs,
      phases: this.phases,
      sources: run.sources,
      unreadable,
      unclaimed: [...plan.unclaimed, ...run.unclaimed].sort(),
      warnings: [...run.warnings, ...parentWarnings(plan.directory, run.sources)],
      verified: { ok: verify.ok, differences: verify.differences_total },
      tables,
      back,
      differences: firstDifferences(tables),
      left_out: leftOut.map((one) => ({ ...one, rows: rowsOf.get(one.source) ?? 0 })),
      prediction: {
        run_ms: elapsed('run'),
        verify_ms: elapsed('verify'),
        back_ms: elapsed('back'),
        database_bytes: bytes,
      },
    };
  }
}

function rowsRead(sources: readonly { read: number }[]): number {
  return sources.reduce((sum, { read }) => sum + read, 0);
}

function moved(report: Report): { result: Report; rows: number; bytes: null } {
  return { result: report, rows: rowsRead(report.sources), bytes: null };
}

function merged(...lists: readonly (readonly Unreadable[])[]): Unreadable[] {
  const byFile = new Map(lists.flat().map((one) => [one.file, one]));
  return [...byFile.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
}

const NO_WAY_BACK = 'a source of files without a way back: it is loaded and verified, and not written anew';

function leftOutOf(discovery: Discovery): LeftOut[] {
  const files = new Map<string, number>();
  for (const unit of discovery.units) {
    if (unit instanceof TableUnit || fileBackOf(unit.source) !== undefined) continue;
    files.set(unit.source.id, (files.get(unit.source.id) ?? 0) + unit.files.length);
  }
  return [...files].map(([source, count]) => ({ source, files: count, rows: 0, reason: NO_WAY_BACK }));
}
