import { realpathSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import type { SqliteConnection } from '../../legacy/sqlite/database.ts';
import { openLive } from '../../legacy/sqlite/live.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { discover, findTables } from '../discover.ts';
import { filesWith } from '../owners.ts';
import { Follower } from '../follow/follower.ts';
import type { Outcome } from '../follow/outcome.ts';
import { Place } from '../follow/place.ts';
import { withRunLock } from '../run.ts';
import { knownTimezones, type Timezones } from '../settings.ts';
import type { SourceDefinition } from '../source.ts';
import { builtInSources } from '../sources/index.ts';
import { TableUnit } from '../table-unit.ts';
import type { Discovery, Unit } from '../unit.ts';
import { OldSide } from './old-side.ts';
import {
  completed,
  followed,
  ownedStores,
  readStage,
  readStages,
  requireStore,
  type StageRow,
} from './stage.ts';

/** Looks at files that change all the time, before what came by then is taken for all. */
const MAX_ROUNDS = 40;

export interface GroundOptions {
  tier: DurableTier;
  store: string;
  /** The old directory; absent: the one that the store, or the database, knows. */
  directory?: string | undefined;
  sources?: readonly SourceDefinition[] | undefined;
  clock?: Clock | undefined;
}

/** What a store's migration stands on: both sides of it, and how they are read. */
export class Ground {
  readonly tier: DurableTier;
  readonly store: string;
  readonly sources: readonly SourceDefinition[];
  readonly side: OldSide;
  readonly prefix: string;
  readonly timezones: Timezones;
  private readonly clock: Clock | undefined;

  private constructor(
    options: GroundOptions,
    found: { side: OldSide; prefix: string; timezones: Timezones },
  ) {
    this.tier = options.tier;
    this.store = options.store;
    this.sources = options.sources ?? builtInSources;
    this.side = found.side;
    this.prefix = found.prefix;
    this.timezones = found.timezones;
    this.clock = options.clock;
  }

  /** @throws StockroomError SOURCE_UNKNOWN, NO_RUN, INVALID_INPUT, DIRECTORY_NOT_FOUND */
  static async find(options: GroundOptions): Promise<Ground> {
    const { tier, store, sources = builtInSources } = options;
    requireStore(sources, store);
    const found = await tier.session(async (session) => ({
      row: await readStage(session, store),
      timezones: await knownTimezones(session),
      directories: (
        await session.query<{ path: string; prefix: string }>(
          'SELECT path, prefix FROM migration_directories ORDER BY first_seen',
        )
      ).rows,
    }));
    const { path, prefix } = chooseDirectory(options, found.row, found.directories);
    const side = await OldSide.find(path, sources, store);
    side.requireFiles();
    return new Ground(options, { side, prefix, timezones: found.timezones });
  }

  get own(): SourceDefinition[] {
    return this.sources.filter(({ store }) => store === this.store);
  }

  row(): Promise<StageRow | null> {
    return readStage(this.tier, this.store);
  }

  /** The databases that its sources read: those that hold their tables, and those that did and cannot be read now. */
  async ownDatabases(): Promise<Set<string>> {
    const tables = this.own.filter(({ files }) => files === undefined);
    const known = await this.tier.session((session) => filesWith(session, tables));
    const own = [...known].filter((file) => file.startsWith(this.prefix));
    return new Set([
      ...this.side.databases.map(({ path }) => path),
      ...own.map((file) => file.slice(this.prefix.length)),
    ]);
  }

  /** The highest epoch of either side. */
  async epoch(): Promise<bigint> {
    const row = await this.row();
    const epochs = [row?.epoch ?? 0n, ...this.side.fences().map((fence) => fence?.epoch ?? 0n)];
    return epochs.reduce((a, b) => (a > b ? a : b));
  }

  async place(): Promise<Place> {
    const { tier, side, prefix, timezones, clock } = this;
    const stages = await readStages(tier);
    const sources = followed(this.sources, stages, side.directory);
    return new Place({
      tier,
      directory: side.directory,
      prefix,
      sources,
      completed: completed(this.sources, stages, side.directory),
      timezones,
      clock,
      owned: ownedStores(stages),
    });
  }

  /** Applies what the old application wrote until now. @throws what following does */
  async catchUp(): Promise<{ outcome: Outcome; unreadable: readonly string[] }> {
    const place = await this.place();
    return withRunLock(this.tier, async () => {
      const follower = new Follower(place, () => undefined);
      try {
        for (let round = 0; round < MAX_ROUNDS; round++) if (await follower.round()) break;
        const own = new Set(this.side.databases.map(({ path }) => path));
        const unreadable = follower.roster.unreadable.filter(({ file }) => own.has(file));
        return {
          outcome: follower.total,
          unreadable: unreadable.map(({ file, reason }) => `${file}: ${reason}`),
        };
      } finally {
        follower.close();
      }
    });
  }

  /** The units of the store, for `work`; databases are read where they stand. */
  async withUnits<T>(work: (units: readonly Unit[], place: Place) => Promise<T>): Promise<T> {
    const { side, own, prefix } = this;
    const place = await this.place();
    const connections: { path: string; connection: SqliteConnection }[] = [];
    const documents = new Set([...side.documents.values()].flat());
    let discovery: Discovery | null = null;
    try {
      for (const { path, absolute } of side.databases)
        connections.push({ path, connection: openLive(absolute) });
      // The directory is walked only for what is not in a database.
      if (documents.size > 0) {
        const isOwn = ({ path }: { path: string }): boolean =>
          documents.has(path) || path.endsWith('metadata.json');
        discovery = await discover(side.directory, own, prefix, isOwn);
        place.companions = discovery.companions;
      }
      const tables = connections.flatMap(
        ({ path, connection }) => findTables(connection, path, own, prefix).units,
      );
      const others = discovery?.units.filter((unit) => !(unit instanceof TableUnit)) ?? [];
      return await work([...tables, ...others], place);
    } finally {
      for (const { connection } of connections) connection.close();
      await discovery?.close();
    }
  }
}

function chooseDirectory(
  { directory, store }: GroundOptions,
  row: StageRow | null,
  known: readonly { path: string; prefix: string }[],
): { path: string; prefix: string } {
  const given = directory === undefined ? undefined : existing(directory);
  const path = given ?? row?.directory ?? (known.length === 1 ? known[0]!.path : undefined);
  const found = known.find((one) => one.path === path);
  if (row !== null && given !== undefined && given !== row.directory) {
    throw new StockroomError('CONFLICT', `${store} is on its way from ${row.directory}, not from ${given}`);
  }
  if (found !== undefined) return found;
  if (path !== undefined || known.length === 0) {
    throw new StockroomError(
      'NO_RUN',
      `${path ?? 'no directory'} was migrated into this database: run stockroom migrate run DIR first`,
    );
  }
  throw new StockroomError(
    'INVALID_INPUT',
    `legacy: several directories were migrated (${known.map((one) => one.path).join(', ')}): say which one`,
    { details: { field: 'legacy' } },
  );
}

function existing(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (error) {
    throw new StockroomError(
      'DIRECTORY_NOT_FOUND',
      `expected a directory at ${directory}, found nothing: check the path`,
      {
        cause: error,
      },
    );
  }
}
