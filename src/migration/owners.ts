import type { Session } from '../tiers/durable/index.ts';
import { isGone, Ledger } from './ledger.ts';
import type { SourceDefinition } from './source.ts';

const isRowPerFile = ({ files }: SourceDefinition): boolean => files?.rowsPerFile === 'one';
const idsOf = (sources: readonly SourceDefinition[]): string[] => sources.map(({ id }) => id);

/** The paths of all files that the books know as a row each, behind the prefix of their directory. */
export async function rowFiles(
  session: Pick<Session, 'query'>,
  source: SourceDefinition,
  prefix: string,
): Promise<string[]> {
  const { rows } = await session.query<{ ledger: Uint8Array }>(
    'SELECT ledger FROM migration_chunks WHERE source = $1 AND unit = $2',
    [source.id, prefix],
  );
  return rows.flatMap(({ ledger }) =>
    Ledger.decode(ledger)
      .entries.filter(({ outcome }) => !isGone(outcome))
      .map(({ key }) => String(key)),
  );
}

/**
 * The files of one directory, with its prefix, of which the books know rows of these sources and of no other. A table
 * without rows is not in the books: a file that is there may hold one of another source all the same.
 */
export async function filesOfOnly(
  session: Pick<Session, 'query'>,
  sources: readonly SourceDefinition[],
  prefix: string,
): Promise<Set<string>> {
  if (sources.length === 0) return new Set();
  const { rows } = await session.query<{ unit: string }>(
    `SELECT unit FROM migration_chunks WHERE unit <> $2 AND starts_with(unit, $2) AND ($2 <> '' OR NOT starts_with(unit, '/'))
     GROUP BY unit HAVING bool_and(source = ANY($1))`,
    [idsOf(sources), prefix],
  );
  const files = new Set(rows.map(({ unit }) => unit));
  for (const source of sources.filter(isRowPerFile))
    for (const file of await rowFiles(session, source, prefix)) files.add(file);
  return files;
}

/** The files of many rows, with their prefixes, of which the books know rows of these sources. */
export async function filesWith(
  session: Pick<Session, 'query'>,
  sources: readonly SourceDefinition[],
): Promise<Set<string>> {
  const { rows } = await session.query<{ unit: string }>(
    'SELECT DISTINCT unit FROM migration_chunks WHERE source = ANY($1)',
    [idsOf(sources.filter((source) => !isRowPerFile(source)))],
  );
  return new Set(rows.map(({ unit }) => unit));
}
