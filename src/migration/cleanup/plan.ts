import type { Session } from '../../tiers/durable/index.ts';
import { discover } from '../discover.ts';
import { filesOfOnly } from '../owners.ts';
import { directoryPrefix } from '../settings.ts';
import type { SourceDefinition } from '../source.ts';
import type { Discovery, Unit } from '../unit.ts';
import { type IsKnown, lookUp } from './known.ts';
import type { Stages } from './stages.ts';
import { Judge, type StayingFile } from './verdict.ts';

export interface GoingFile {
  path: string;
  stores: string[];
  bytes: number;
  /** The database that it is, or is a companion of. */
  database: string | null;
}

export interface Plan {
  going: GoingFile[];
  staying: StayingFile[];
  /** Of those that stay: what would go, could it be read. */
  unread: string[];
  /** Rows that the quarantine and these files alone hold, by source. */
  quarantined: { source: string; rows: number }[];
  /** What the stores have there, by store. */
  claimed: Map<string, { files: number; bytes: number }>;
}

/** Sorts the files of an old directory into those that go and those that stay. Writes nothing. */
export async function makePlan(
  session: Session,
  directory: string,
  sources: readonly SourceDefinition[],
  stages: Stages,
): Promise<Plan> {
  const prefix = await directoryPrefix(session, directory);
  const discovery = await discover(directory, sources, prefix);
  try {
    const known = new Map<Unit, IsKnown>();
    for (const unit of discovery.units) known.set(unit, await lookUp(session, discovery, unit, prefix));
    const plan = sort(discovery, new Judge(discovery, sources, stages, known));
    const files = plan.going.map(({ path }) => prefix + path);
    const completed = sources.filter(({ store }) => stages.get(store) === 'complete');
    const due = await filesOfOnly(session, completed, prefix);
    return {
      ...plan,
      unread: unreadOf(discovery, plan.staying, (path) => due.has(prefix + path)),
      quarantined: await quarantinedIn(session, files),
    };
  } finally {
    await discovery.close();
  }
}

/** A file without a byte keeps nothing: a program that opens a removed database by its name leaves such a one. */
function unreadOf(
  { files }: Discovery,
  staying: readonly StayingFile[],
  isDue: (path: string) => boolean,
): string[] {
  const empty = new Set(files.filter(({ bytes }) => bytes === 0).map(({ path }) => path));
  return staying
    .filter(({ why, file }) => why === 'unreadable' && !empty.has(file) && isDue(file))
    .map(({ file }) => file);
}

async function quarantinedIn(session: Session, files: readonly string[]): Promise<Plan['quarantined']> {
  const { rows } = await session.query<{ source: string; rows: bigint }>(
    'SELECT source, count(*) AS rows FROM migration_quarantine WHERE file = ANY($1) GROUP BY source ORDER BY source',
    [files],
  );
  return rows.map(({ source, rows: count }) => ({ source, rows: Number(count) }));
}

type Sorted = Omit<Plan, 'quarantined' | 'unread'>;

function sort(discovery: Discovery, judge: Judge): Sorted {
  const plan: Sorted = { going: [], staying: [], claimed: new Map() };
  for (const file of discovery.files) {
    const { path, bytes } = file;
    for (const store of judge.storesOf(path)) {
      const seen = plan.claimed.get(store) ?? { files: 0, bytes: 0 };
      plan.claimed.set(store, { files: seen.files + 1, bytes: seen.bytes + bytes });
    }
    const verdict = judge.verdict(file);
    if ('why' in verdict) plan.staying.push({ file: path, ...verdict });
    else plan.going.push({ path, bytes, ...verdict, database: judge.databaseOf(path) });
  }
  const listed = new Set(discovery.files.map(({ path }) => path));
  for (const { file, reason } of discovery.unreadable) {
    if (!listed.has(file)) plan.staying.push({ file, why: 'unreadable', reason });
  }
  // Pipes, sockets and devices; tables are named with the reasons of their files.
  const isTable = (name: string): boolean =>
    [...discovery.databases.keys()].some((file) => name.startsWith(`${file}:`));
  for (const file of discovery.unclaimed) {
    if (listed.has(file) || isTable(file)) continue;
    plan.staying.push({ file, why: 'unclaimed', reason: 'no source takes it' });
  }
  return plan;
}
