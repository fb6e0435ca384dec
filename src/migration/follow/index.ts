import { realpathSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { codeOf, messageOf, StockroomError } from '../../core/errors.ts';
import { pause } from '../../core/wait.ts';
import { type DurableTier, isRetryable } from '../../tiers/durable/index.ts';
import { knownTimezones } from '../settings.ts';
import type { SourceDefinition } from '../source.ts';
import { Attendant } from '../stages/attend.ts';
import { completed, followed, ownedStores, readStages, type StageRow } from '../stages/stage.ts';
import { builtInSources } from '../sources/index.ts';
import { Follower } from './follower.ts';
import { asOnlyFollower, type FollowLock } from './lock.ts';
import { Place, Stopped } from './place.ts';
import { Rate } from './rate.ts';
import { reportOf } from './report.ts';
import type { FollowReport, FollowStatus } from './status.ts';

export type { FollowedFile, FollowReport, FollowStatus } from './status.ts';

/** Between two looks when nothing changed; longer when a look itself takes long. */
const POLL_MS = 200;
/** A look that takes long is repeated less often: so many times its length lie between two. */
const REST_FACTOR = 4;
const MAX_REST_MS = 5000;
/** Waits for PostgreSQL, or for the directory, to come back. */
const BACKOFF_MS = { first: 250, most: 10_000 };
/** With `once`, how long what is away or unfinished is waited for. */
const ONCE_PATIENCE_MS = { file: 3000, database: 30_000 };

export interface FollowOptions {
  tier: DurableTier;
  directory: string;
  /** End when everything is applied that was committed by then; otherwise only `signal` ends it. */
  once?: boolean;
  /** Ends it after the batch in hand. */
  signal?: AbortSignal;
  /** Called after every round and every batch. */
  onStatus?: (status: FollowStatus) => void;
  sources?: readonly SourceDefinition[];
  clock?: Clock;
}

/**
 * Keeps PostgreSQL up to date with an old directory that was migrated and is still written. Databases with capture are
 * followed by what they log, at a cost that grows with the changes; everything else by what it holds. What is applied and
 * how far it reaches are committed together: a process that is killed goes on where it was.
 *
 * @throws StockroomError DIRECTORY_NOT_FOUND, NO_RUN when the directory was never migrated into this database,
 *   RUN_IN_PROGRESS when another process follows it; with `once` also DATABASE_UNREACHABLE
 */
export async function followDirectory(options: FollowOptions): Promise<FollowReport> {
  const { tier } = options;
  const directory = existing(options.directory);
  const { prefix, timezones } = await tier.session(async (session) => {
    const { rows } = await session.query<{ prefix: string }>(
      'SELECT prefix FROM migration_directories WHERE path = $1',
      [directory],
    );
    return { prefix: rows[0]?.prefix, timezones: await knownTimezones(session) };
  });
  if (prefix === undefined) {
    throw new StockroomError(
      'NO_RUN',
      `${directory} was not migrated into ${tier.location}: run stockroom migrate run DIR first`,
      { details: { directory } },
    );
  }
  const { signal, clock, sources = builtInSources } = options;
  const place = (stages: readonly StageRow[]): Place =>
    new Place({
      tier,
      directory,
      prefix,
      sources: followed(sources, stages, directory),
      completed: completed(sources, stages, directory),
      timezones,
      clock,
      signal,
      owned: ownedStores(stages),
    });
  const attendant = new Attendant({ tier, directory, sources, clock });
  return new Following(place, attendant, options).run();
}

function existing(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (error) {
    throw new StockroomError(
      'DIRECTORY_NOT_FOUND',
      `expected a directory at ${directory}, found nothing that can be read: check the path`,
      { cause: error, details: { directory } },
    );
  }
}

/** Whether something is away for a while, and may be back. */
function isAway(error: unknown): boolean {
  if (isRetryable(error)) return true;
  const code = codeOf(error);
  // The directory itself, when its disk is not there; the pool, when it cannot connect.
  return code === 'UNAVAILABLE' || /^(ENOENT|EACCES|ENOTCONN|ESTALE|EIO|ENODEV)$/.test(code);
}

class Following {
  private readonly placeFor: (stages: readonly StageRow[]) => Place;
  private readonly attendant: Attendant;
  private readonly options: FollowOptions;
  private place: Place;
  private follower: Follower;
  /** Of the stages that the follower goes by. */
  private known = '';
  private readonly startedMs = performance.now();
  private readonly rate = new Rate();
  private rounds = 0;
  private backoffMs = BACKOFF_MS.first;
  private awaySinceMs: number | null = null;
  private waitingFor: string | null = null;

  constructor(
    placeFor: (stages: readonly StageRow[]) => Place,
    attendant: Attendant,
    options: FollowOptions,
  ) {
    this.placeFor = placeFor;
    this.attendant = attendant;
    this.options = options;
    this.place = placeFor([]);
    this.follower = new Follower(this.place, () => this.tell());
  }

  async run(): Promise<FollowReport> {
    try {
      while (!this.isStopped) {
        try {
          await asOnlyFollower(this.place.tier, this.place.directory, (lock) => this.follow(lock));
          break;
        } catch (error) {
          if (error instanceof Stopped || this.isStopped) break;
          await this.waitFor(error);
        }
      }
      return await reportOf(this.place, this.follower, this.status(), performance.now() - this.startedMs);
    } finally {
      this.follower.close();
    }
  }

  private get isStopped(): boolean {
    return this.options.signal?.aborted === true;
  }

  /** Rounds until it is stopped, or with `once` until nothing is left to do. */
  private async follow(lock: FollowLock): Promise<void> {
    let unreadableSince: number | null = null;
    while (!this.isStopped) {
      const started = performance.now();
      const stages = await this.turnTo();
      const idle = await lock.exclusively(
        () => this.roundOrTurn(),
        () => this.waiting('a migration that runs on this database'),
        this.options.signal,
      );
      // Not under the lock: whoever moves a store needs it.
      const isReplaying = await this.attendant.round(stages);
      this.rounds++;
      this.awaySinceMs = null;
      this.backoffMs = BACKOFF_MS.first;
      this.waitingFor = null;
      this.tell();
      if (this.options.once === true) {
        const { unreadable } = this.follower.roster;
        unreadableSince = unreadable.length === 0 ? null : (unreadableSince ?? performance.now());
        const patient =
          unreadableSince !== null && performance.now() - unreadableSince < ONCE_PATIENCE_MS.file;
        if (!patient && !isReplaying && (idle || unreadableSince !== null)) return;
      }
      const took = performance.now() - started;
      const rest =
        this.follower.isBehind || isReplaying
          ? 0
          : Math.min(MAX_REST_MS, Math.max(POLL_MS, took * REST_FACTOR));
      await pause(rest, this.options.signal);
    }
  }

  /** Takes note of where the stores are by now: those whose authority is here are not followed. */
  private async turnTo(): Promise<StageRow[]> {
    const stages = await readStages(this.place.tier);
    const known = JSON.stringify(stages.map(({ store, state, directory }) => [store, state, directory]));
    if (known !== this.known) {
      this.known = known;
      this.follower.close();
      this.place = this.placeFor(stages);
      this.follower = new Follower(this.place, () => this.tell());
    }
    return stages;
  }

  /** A store that was moved in the middle of a round refuses what is applied: the next round knows better. */
  private async roundOrTurn(): Promise<boolean> {
    try {
      return await this.follower.round();
    } catch (error) {
      if (codeOf(error) !== 'NOT_AUTHORITY') throw error;
      this.follower.distrust();
      this.known = '';
      return false;
    }
  }

  private async waitFor(error: unknown): Promise<void> {
    // The server may not have noticed yet that the connection is gone which held the lock of this very process.
    const isOwn = this.rounds > 0 && codeOf(error) === 'RUN_IN_PROGRESS';
    if (!isAway(error) && !isOwn) throw error;
    this.follower.distrust();
    this.awaySinceMs ??= performance.now();
    const patience = ONCE_PATIENCE_MS.database;
    if (this.options.once === true && performance.now() - this.awaySinceMs > patience) throw error;
    this.waiting(messageOf(error));
    await pause(this.backoffMs, this.options.signal);
    this.backoffMs = Math.min(BACKOFF_MS.most, this.backoffMs * 2);
  }

  private waiting(what: string): void {
    this.waitingFor = what;
    this.tell();
  }

  private tell(): void {
    this.options.onStatus?.(this.status());
  }

  private status(): FollowStatus {
    const files = [...this.follower.roster.files.values()].map((file) => ({ ...file }));
    const changes = files.reduce((sum, file) => sum + file.changes, 0);
    const ages = files.flatMap((file) => (file.oldest_ms === null ? [] : [file.oldest_ms]));
    return {
      at: new Date().toISOString(),
      directory: this.place.directory,
      state: this.waitingFor === null ? 'following' : 'waiting',
      waiting_for: this.waitingFor,
      rounds: this.rounds,
      lag: files.reduce((sum, file) => sum + file.waiting, 0),
      oldest_ms: ages.length === 0 ? null : Math.round(Math.max(...ages)),
      changes,
      changes_per_second: this.rate.of(changes, performance.now()),
      files,
      skipped: this.follower.skipped,
      stores: this.attendant.statuses,
    };
  }
}
