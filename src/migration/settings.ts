import { realpathSync } from 'node:fs';
import { StockroomError } from '../core/errors.ts';
import type { Session } from '../tiers/durable/index.ts';
import type { SourceDefinition } from './source.ts';
import { isZone } from './values/time.ts';

/** Zone by column, by source. */
export type Timezones = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads `SOURCE.COLUMN=ZONE` as given on the command line.
 * @throws StockroomError USAGE naming what was expected and what was found
 */
export function parseTimezones(given: readonly string[], sources: readonly SourceDefinition[]): Timezones {
  const zones = new Map<string, Map<string, string>>();
  for (const one of given) {
    const match = /^([a-z_]+)\.([A-Za-z0-9_]+)=(\S+)$/.exec(one);
    if (!match)
      throw new StockroomError(
        'USAGE',
        `--timezone expects SOURCE.COLUMN=ZONE, found ${JSON.stringify(one)}`,
      );
    const [, id, column, zone] = match as unknown as [string, string, string, string];
    const source = sources.find((each) => each.id === id);
    if (!source) {
      throw new StockroomError(
        'USAGE',
        `--timezone: there is no source ${id}; the sources are ${sources.map((each) => each.id).join(', ')}`,
      );
    }
    const times = source.columns.filter((each) => each.kind === 'time');
    const found = times.find((each) => each.name === column || each.target === column);
    if (!found) {
      throw new StockroomError(
        'USAGE',
        `--timezone: ${id} has no time column ${column}; it has ${times.map((each) => each.name).join(', ')}`,
      );
    }
    if (!isZone(zone)) {
      throw new StockroomError(
        'USAGE',
        `--timezone: ${zone} is no zone of the IANA database; expected one like Asia/Kolkata or UTC`,
      );
    }
    zones.set(id, (zones.get(id) ?? new Map<string, string>()).set(found.name, zone));
  }
  return zones;
}

/** Keeps the zones given, so that later runs and proofs read the same values alike; what is known by then. */
export async function keepTimezones(session: Session, given: Timezones): Promise<Timezones> {
  for (const [source, columns] of given) {
    for (const [column, zone] of columns) {
      await session.query(
        `INSERT INTO migration_timezones (source, "column", zone) VALUES ($1, $2, $3)
         ON CONFLICT (source, "column") DO UPDATE SET zone = excluded.zone`,
        [source, column, zone],
      );
    }
  }
  return knownTimezones(session);
}

export async function knownTimezones(session: Session): Promise<Timezones> {
  const { rows } = await session.query<{ source: string; column: string; zone: string }>(
    'SELECT source, "column", zone FROM migration_timezones',
  );
  const zones = new Map<string, Map<string, string>>();
  for (const { source, column, zone } of rows)
    zones.set(source, (zones.get(source) ?? new Map<string, string>()).set(column, zone));
  return zones;
}

/**
 * What goes before the names of a directory's files in this database: nothing for the first directory, its own path for
 * any other, so that two deployments whose files have the same names never overwrite one another.
 */
export async function directoryPrefix(session: Session, directory: string): Promise<string> {
  const path = realpathSync(directory);
  const { rows } = await session.query<{ path: string; prefix: string }>(
    'SELECT path, prefix FROM migration_directories',
  );
  const known = rows.find((row) => row.path === path);
  if (known) return known.prefix;
  return rows.length === 0 ? '' : `${path}/`;
}

/** Those that were migrated into this database, the first one first. */
export async function knownDirectories(session: Session): Promise<string[]> {
  const { rows } = await session.query<{ path: string }>(
    'SELECT path FROM migration_directories ORDER BY prefix, path',
  );
  return rows.map(({ path }) => path);
}

/** Notes that a directory is migrated into this database, under the prefix that {@link directoryPrefix} gave. */
export async function rememberDirectory(session: Session, directory: string, prefix: string): Promise<void> {
  await session.query(
    'INSERT INTO migration_directories (path, prefix) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [realpathSync(directory), prefix],
  );
}
