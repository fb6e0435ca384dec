import { setTimeout as delay } from 'node:timers/promises';
import { existsSync, realpathSync } from 'node:fs';
import { type Clock, systemClock } from '../core/clock.ts';
import { StockroomError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { schemaVersion, type DurableTier, type Session } from '../tiers/durable/index.ts';
import { distrustEveryKey } from '../tiers/views/index.ts';
import type { Certificate } from './certificate.ts';
import { discover } from './discover.ts';
import { Engine } from './engine.ts';
import { parentWarnings } from './inspect-parent.ts';
import { awaitInFlight } from './load.ts';
import type { Report, Warning } from './report.ts';
import { followed, readStages } from './stages/stage.ts';
import {
  directoryPrefix,
  keepTimezones,
  knownDirectories,
  knownTimezones,
  rememberDirectory,
  type Timezones,
} from './settings.ts';
import type { SourceDefinition } from './source.ts';
import { builtInSources } from './sources/index.ts';
import { certify } from './source-state.ts';
import { compareWithSource } from './source-proof.ts';
import type { Discovery } from './unit.ts';

/** How long a run waits for another one on the same database: long enough for a killed one's connections to end. */
const LOCK_PATIENCE_MS = 15_000;

export interface MigrationOptions {
  tier: DurableTier;
  directory: string;
  /** Stores or sources to take; all when empty. */
  stores?: readonly string[];
  timezones?: Timezones;
  sources?: readonly SourceDefinition[];
  clock?: Clock;
}

/**
 * Copies an old directory and proves every row. Started again after a kill or a change of the source it goes on where it
 * was: nothing is lost, nothing is loaded twice.
 *
 * @throws StockroomError DIRECTORY_NOT_FOUND, NOTHING_TO_MIGRATE, SOURCE_UNKNOWN, RUN_IN_PROGRESS
 */
export async function runMigration(options: MigrationOptions): Promise<Report> {
  const { tier } = options;
  const selected = selectSources(options.sources ?? builtInSources, options.stores ?? []);
  return withRunLock(tier, async () => {
    const prefix = await tier.session((session) => prefixOf(session, options.directory));
    const { sources, away } = await splitByStage(tier, selected, options.directory);
    const discovery = await discover(options.directory, options.sources ?? builtInSources, prefix);
    try {
      requireSomething(discovery);
      if (discovery.units.length > 0) await rememberDirectory(tier, discovery.directory, prefix);
      const timezones = await tier.session((session) =>
        keepTimezones(session, options.timezones ?? new Map()),
      );
      const engine = new Engine({ tier, discovery, sources, timezones, nowMicros: nowMicros(options.clock) });
      const run = await beginRun(tier, discovery.directory, 'run');
      // Keys in Redis that follow from these tables: one note for a run that is killed, one for its end.
      await distrustEveryKey(tier);
      await engine.copy();
      await distrustEveryKey(tier);
      await engine.verify();
      const report = engine.report([...(await engine.orphanWarnings()), ...awayWarnings(discovery, away)]);
      report.warnings.push(...parentWarnings(discovery.directory, report.sources));
      const certificate = certify(engine.states, report, {
        toolVersion: version,
        schemaVersion: run.schemaVersion,
      });
      await finishRun(tier, run.id, report, certificate);
      return report;
    } finally {
      await discovery.close();
    }
  });
}

/**
 * Reads the old directory again and compares every row with what is loaded; changes nothing but the note of when.
 * Rows that were added or changed at the source since the last run are differences too.
 */
export async function verifyMigration(options: MigrationOptions): Promise<Report> {
  const { tier } = options;
  const selected = selectSources(options.sources ?? builtInSources, options.stores ?? []);
  const { sources, away } = await splitByStage(tier, selected, options.directory);
  const { prefix, timezones } = await tier.session(async (session) => ({
    timezones: await knownTimezones(session),
    prefix: await prefixOf(session, options.directory),
  }));
  const discovery = await discover(options.directory, options.sources ?? builtInSources, prefix);
  try {
    requireSomething(discovery);
    const engine = new Engine({ tier, discovery, sources, timezones, nowMicros: nowMicros(options.clock) });
    const run = await beginRun(tier, discovery.directory, 'verify');
    await compareWithSource(tier, engine);
    const report = engine.report([
      ...(await engine.orphanWarnings()),
      ...awayWarnings(discovery, away),
      ...(await otherDirectoryWarnings(tier, discovery)),
    ]);
    await finishRun(tier, run.id, report, null);
    return report;
  } finally {
    await discovery.close();
  }
}

/** Sources whose store's authority is PostgreSQL are left out: their old files are copies of what is here. */
async function splitByStage(
  tier: DurableTier,
  selected: readonly SourceDefinition[],
  directory: string,
): Promise<{ sources: readonly SourceDefinition[]; away: SourceDefinition[] }> {
  const stages = await readStages(tier);
  if (stages.length === 0) return { sources: selected, away: [] };
  const sources = followed(selected, stages, existsSync(directory) ? realpathSync(directory) : directory);
  return { sources, away: selected.filter((source) => !sources.includes(source)) };
}

function awayWarnings({ units }: Discovery, away: readonly SourceDefinition[]): Warning[] {
  return away
    .filter((source) => units.some((unit) => unit.source === source))
    .map(({ id, store }) => ({
      code: 'LEFT_OUT',
      source: id,
      column: null,
      rows: 0,
      detail: `not read: PostgreSQL is the authority of ${store}, or it is on its way from another directory (stockroom stage show)`,
    }));
}

/** A directory that was never migrated into this database, where another one was, has differences alone. */
async function otherDirectoryWarnings(
  tier: DurableTier,
  { directory, units }: Discovery,
): Promise<Warning[]> {
  const known = await tier.session(knownDirectories);
  const source = units[0]?.source.id;
  if (source === undefined || known.length === 0 || known.includes(realpathSync(directory))) return [];
  const detail = `nothing of ${directory} was ever migrated into this database; what was: ${known.join(', ')}`;
  return [{ code: 'OTHER_DIRECTORY', source, column: null, rows: 0, detail }];
}

function nowMicros(clock: Clock = systemClock): number {
  return clock().getTime() * 1000;
}

async function prefixOf(session: Session, directory: string): Promise<string> {
  try {
    realpathSync(directory);
  } catch {
    // discover() says better what is wrong with it.
    return '';
  }
  return directoryPrefix(session, directory);
}

/** @throws StockroomError NOTHING_TO_MIGRATE */
export function requireSomething({ units, unreadable, unclaimed, directory }: Discovery): void {
  if (units.length + unreadable.length > 0) return;
  const found =
    unclaimed.length === 0 ? 'it holds no file' : `none of its ${unclaimed.length} files and tables is one`;
  throw new StockroomError(
    'NOTHING_TO_MIGRATE',
    `no known source in ${directory}: ${found}. Expected the old application's directory, the one that holds cache/ and data/`,
    { details: { unclaimed } },
  );
}

/** The sources of the stores that were named, by the store's name or the source's. @throws StockroomError SOURCE_UNKNOWN */
export function selectSources(
  sources: readonly SourceDefinition[],
  named: readonly string[],
): readonly SourceDefinition[] {
  if (named.length === 0) return sources;
  for (const name of named) {
    if (!sources.some((source) => source.store === name || source.id === name)) {
      const known = [...new Set(sources.map((source) => source.store))].join(', ');
      throw new StockroomError(
        'SOURCE_UNKNOWN',
        `there is no store or source ${name}; the stores are ${known}`,
      );
    }
  }
  return sources.filter((source) => named.includes(source.store) || named.includes(source.id));
}

/** Only one run at a time on a database. The embedded one has a single owner anyway, and a single session. */
export async function withRunLock<T>(tier: DurableTier, work: () => Promise<T>): Promise<T> {
  if (tier.kind === 'embedded') return work();
  return tier.session(async (session) => {
    const key = runLockKey(tier);
    const deadline = performance.now() + LOCK_PATIENCE_MS;
    while (!(await tryLock(session, key))) {
      if (performance.now() > deadline) {
        throw new StockroomError(
          'RUN_IN_PROGRESS',
          `another migration runs on ${tier.location}: wait for it to end, or stop it`,
        );
      }
      await delay(100);
    }
    try {
      await awaitInFlight(tier);
      return await work();
    } finally {
      await unlock(session, key);
    }
  });
}

/** Of the advisory lock that everything holds which writes the books. */
export const runLockKey = ({ schema }: DurableTier): string => `stockroom migration ${schema}`;

export async function unlock(session: Session, key: string): Promise<void> {
  await session.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [key]);
}

/** Takes an advisory lock of the session, unless another session has it. */
export async function tryLock(session: Session, key: string): Promise<boolean> {
  const { rows } = await session.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
    [key],
  );
  return rows[0]?.locked ?? false;
}

async function beginRun(
  tier: DurableTier,
  directory: string,
  command: string,
): Promise<{ id: bigint; schemaVersion: number }> {
  const schema = await schemaVersion(tier);
  const { rows } = await tier.query<{ id: bigint }>(
    'INSERT INTO migration_runs (directory, command, tool_version, schema_version) VALUES ($1, $2, $3, $4) RETURNING id',
    [directory, command, version, schema],
  );
  return { id: rows[0]!.id, schemaVersion: schema };
}

async function finishRun(
  tier: DurableTier,
  id: bigint,
  report: Report,
  certificate: Certificate | null,
): Promise<void> {
  await tier.query(
    'UPDATE migration_runs SET finished_at = now(), exit_code = $2, report = $3, certificate = $4 WHERE id = $1',
    [id, report.exit, JSON.stringify(report), certificate === null ? null : JSON.stringify(certificate)],
  );
}
