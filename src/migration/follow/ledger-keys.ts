import type { Session } from '../../tiers/durable/index.ts';
import { rowFiles } from '../owners.ts';
import type { SourceDefinition } from '../source.ts';
import type { Place } from './place.ts';

/** The paths of all files that the books know as a row each, by source. */
export async function loadedFiles(
  session: Session,
  place: Place,
): Promise<Map<SourceDefinition, Set<string>>> {
  const sets = new Map<SourceDefinition, Set<string>>();
  for (const source of place.sources) {
    if (source.files?.rowsPerFile !== 'one') continue;
    const files = await rowFiles(session, source, place.prefix);
    sets.set(source, new Set(files.map((file) => file.slice(place.prefix.length))));
  }
  return sets;
}

/** The names of files with many rows that were loaded: databases, files of JSON; also those of other directories. */
export async function loadedUnits(session: Session, place: Place): Promise<string[]> {
  const single = place.sources.filter(({ files }) => files?.rowsPerFile === 'one').map(({ id }) => id);
  const { rows } = await session.query<{ unit: string }>(
    'SELECT DISTINCT unit FROM migration_chunks WHERE source <> ALL($1) AND unit <> $2',
    // What goes before the paths of files that are a row each is no file, whether their source is followed or not.
    [single, place.prefix],
  );
  return rows.map(({ unit }) => unit);
}

/** Rows of a directory that are in quarantine, without those of complete stores: nobody mends their files any more. */
export async function countQuarantined(
  session: Session,
  { prefix, completed }: Pick<Place, 'prefix' | 'completed'>,
): Promise<number> {
  const { rows } = await session.query<{ file: string; n: bigint }>(
    'SELECT file, count(*) AS n FROM migration_quarantine WHERE starts_with(file, $1) AND source <> ALL($2) GROUP BY file',
    [prefix, completed.map(({ id }) => id)],
  );
  const { rows: directories } = await session.query<{ prefix: string }>(
    'SELECT prefix FROM migration_directories',
  );
  const others = directories.map((one) => one.prefix).filter((one) => one.length > prefix.length);
  return rows
    .filter(({ file }) => !others.some((other) => file.startsWith(other)))
    .reduce((sum, { n }) => sum + Number(n), 0);
}
