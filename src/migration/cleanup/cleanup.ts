import { realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { codeOf, StockroomError } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { asOnlyFollower } from '../follow/lock.ts';
import type { SourceDefinition } from '../source.ts';
import { builtInSources } from '../sources/index.ts';
import { compareOriginals, type Identities, proveArchive, writeArchive } from './archive.ts';
import { writeAudit } from './audit.ts';
import { archivesOf, type Manifest, writeManifest } from './manifest.ts';
import { makePlan, type Plan } from './plan.ts';
import { removeOriginals } from './remove.ts';
import type { CleanupReport, OnProgress, Removal } from './report.ts';
import { type FreeBytes, freeBytesIn, neededFor, requireSpace } from './space.ts';
import { readStages, type Stages, standsInTheWay } from './stages.ts';

/** How long a cleanup waits for a migration on the same database: long enough for a killed one's connections to end. */
const LOCK_PATIENCE_MS = 15_000;

export interface CleanupOptions {
  tier: DurableTier;
  directory: string;
  /** The archives' root; below it a folder for each run. Not in the old directory. */
  archives: string;
  /** False: says what would be done, and does nothing. */
  apply: boolean;
  /** Who asked for it, for the audit log. */
  actor?: string;
  sources?: readonly SourceDefinition[];
  clock?: Clock;
  freeBytes?: FreeBytes;
  onProgress?: OnProgress;
}

/**
 * Archives the old files of the stores in stage `complete`, proves the archive, and only then removes them. Killed at any
 * moment and started again it goes on: every old file is in its place or in a proven archive.
 *
 * @throws StockroomError DIRECTORY_NOT_FOUND, USAGE, CONFLICT when no file may go, one is written meanwhile or there is no
 * space, SOURCE_LOCKED, ARCHIVE_INVALID, RUN_IN_PROGRESS
 */
export async function cleanupDirectory(options: CleanupOptions): Promise<CleanupReport> {
  const directory = realDirectory(options.directory);
  const archives = realPlace(resolve(options.archives));
  if (`${archives}${sep}`.startsWith(`${directory}${sep}`)) {
    throw new StockroomError(
      'USAGE',
      `the archive would be in the directory that is cleaned up, at ${archives}: name a place outside of ${directory}`,
    );
  }
  const cleanup = new Cleanup({ ...options, directory, archives });
  if (!options.apply) return cleanup.tell();
  return asOnlyFollower(options.tier, directory, (lock) => {
    const deadline = Date.now() + LOCK_PATIENCE_MS;
    const onWait = (): void => {
      if (Date.now() < deadline) return;
      const { location } = options.tier;
      throw new StockroomError('RUN_IN_PROGRESS', `a migration runs on ${location}: wait for it to end`);
    };
    return lock.exclusively(() => cleanup.apply(), onWait, undefined);
  });
}

function realDirectory(given: string): string {
  try {
    return realpathSync(given);
  } catch (error) {
    throw new StockroomError('DIRECTORY_NOT_FOUND', `there is no directory at ${given}: check the path`, {
      cause: error,
    });
  }
}

/** Where a path leads that may not be there yet. */
function realPlace(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(realpathSync(at), relative(at, path));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || dirname(at) === at) throw error;
    }
  }
}

class Cleanup {
  private readonly options: CleanupOptions;
  private readonly directory: string;
  private readonly archives: string;
  private readonly sources: readonly SourceDefinition[];
  private readonly freeBytes: FreeBytes;
  private readonly onProgress: OnProgress;
  private readonly started = performance.now();

  constructor(options: CleanupOptions) {
    this.options = options;
    this.directory = options.directory;
    this.archives = options.archives;
    this.sources = options.sources ?? builtInSources;
    this.freeBytes = options.freeBytes ?? freeBytesIn;
    this.onProgress = options.onProgress ?? (() => undefined);
  }

  async tell(): Promise<CleanupReport> {
    const stages = await this.stages();
    const { whole } = await archivesOf(this.archives, this.directory);
    const unfinished = whole.filter(({ manifest }) => !manifest.removed).map(({ archive }) => archive);
    return this.report(stages, await this.plan(stages), unfinished, [], null);
  }

  async apply(): Promise<CleanupReport> {
    const { whole, halves } = await archivesOf(this.archives, this.directory);
    for (const half of halves) await rm(half, { recursive: true, force: true });
    const removals: Removal[] = [];
    const unfinished = whole.filter(({ manifest }) => !manifest.removed);
    for (const { archive, manifest } of unfinished) removals.push(await this.finish(archive, manifest));
    const stages = await this.stages();
    const plan = await this.plan(stages);
    let bytes: number | null = null;
    if (plan.going.length > 0) {
      const done = await this.archive(plan);
      // What a killed run's archive did not hold as it is now, this one does.
      const gone = new Set(plan.going.map(({ path }) => path));
      for (const each of removals) each.kept = each.kept.filter(({ file }) => !gone.has(file));
      removals.push(done.removal);
      bytes = done.bytes;
    } else if (unfinished.length === 0) requireNoneWaits(this.directory, plan);
    const names = unfinished.map(({ archive }) => archive);
    return this.report(stages, plan, names, removals, bytes);
  }

  /** Goes on where a killed run was: its archive is proven again, and what stands in the directory compared with it. */
  private async finish(archive: string, manifest: Manifest): Promise<Removal> {
    const stages = await this.stages();
    const files = manifest.files.filter(({ stores }) => standsInTheWay(stages, stores) === null);
    await proveArchive(archive, files, this.onProgress);
    const identities: Identities = new Map();
    const faults = await compareOriginals(this.directory, files, identities);
    return this.remove(archive, { ...manifest, files }, identities, faults, manifest);
  }

  private async archive(plan: Plan): Promise<{ removal: Removal; bytes: number }> {
    await requireSpace(this.archives, neededFor(plan.going), this.freeBytes);
    const { archive, manifest, identities } = await writeArchive({
      directory: this.directory,
      root: this.archives,
      files: plan.going,
      time: (this.options.clock ?? systemClock)(),
      database: this.options.tier.location,
      onProgress: this.onProgress,
    });
    const removal = await this.remove(archive, manifest, identities, new Map(), manifest);
    return { removal, bytes: manifest.files.reduce((sum, file) => sum + file.member_bytes, 0) };
  }

  private async remove(
    archive: string,
    { files }: Manifest,
    identities: Identities,
    faults: ReadonlyMap<string, string>,
    manifest: Manifest,
  ): Promise<Removal> {
    const stages = await this.stages();
    const stores = [...new Set(files.flatMap((file) => file.stores))].sort();
    const obstacle = standsInTheWay(stages, stores);
    if (obstacle !== null) {
      throw new StockroomError(
        'CONFLICT',
        `${obstacle} by now: nothing was removed, and the archive ${archive} stays`,
      );
    }
    const done = await removeOriginals(this.directory, files, identities, faults, this.onProgress);
    await writeAudit(this.options.tier, {
      actor: this.options.actor ?? 'library',
      subject: `legacy:${this.directory}`,
      detail: {
        archive,
        files_sha256: manifest.files_sha256,
        stores,
        files: manifest.files.length,
        bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
        kept: done.kept,
      },
    });
    await writeManifest(archive, { ...manifest, removed: true });
    return { archive, ...done };
  }

  private stages(): Promise<Stages> {
    return readStages(this.options.tier, this.directory);
  }

  private plan(stages: Stages): Promise<Plan> {
    return this.options.tier.session((session) => makePlan(session, this.directory, this.sources, stages));
  }

  private async report(
    stages: Stages,
    plan: Plan,
    unfinished: string[],
    removals: Removal[],
    archiveBytes: number | null,
  ): Promise<CleanupReport> {
    const { going, staying, unread, claimed, quarantined } = plan;
    const isKept = removals.some(({ kept }) => kept.length > 0);
    const isUnread = this.options.apply && unread.length > 0;
    const names = [...new Set([...claimed.keys(), ...stages.keys()])].sort();
    return {
      ok: !isKept && !isUnread,
      exit: isKept ? 4 : isUnread ? 3 : 0,
      directory: this.directory,
      apply: this.options.apply,
      archives: this.archives,
      free_bytes: await this.freeBytes(this.archives),
      needed_bytes: going.length === 0 ? 0 : neededFor(going),
      stores: names.map((store) => ({
        store,
        stage: stages.get(store) ?? null,
        ...(claimed.get(store) ?? { files: 0, bytes: 0 }),
      })),
      files: going.map(({ path, stores, bytes }) => ({ file: path, stores, bytes })),
      bytes: going.reduce((sum, { bytes }) => sum + bytes, 0),
      quarantined,
      stays: staying,
      unread,
      unfinished,
      removals,
      archive_bytes: archiveBytes,
      elapsed_ms: Math.round(performance.now() - this.started),
    };
  }
}

/** Nothing may go: that is an answer where nothing is left, and a refusal where something waits. */
function requireNoneWaits(directory: string, { staying }: Plan): void {
  const waiting = staying.filter(({ why }) => why === 'stage');
  if (waiting.length === 0) return;
  const reasons = [...new Set(waiting.flatMap(({ reason }) => reason.split('; ')))];
  const named = reasons.filter((reason) => !reason.startsWith('belongs to '));
  throw new StockroomError(
    'CONFLICT',
    `nothing in ${directory} may be removed yet: ${named.join('; ')}; a store's files go in stage complete`,
    { details: { stages: named } },
  );
}
