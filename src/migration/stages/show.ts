import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { StockroomError, messageOf } from '../../core/errors.ts';
import { filesOfOnly } from '../owners.ts';
import type { SourceDefinition } from '../source.ts';
import { builtInSources } from '../sources/index.ts';
import { owed } from './new-side.ts';
import { breaches, type ReadCounts, READS_THAT_AGREE, readsSince } from './reads.ts';

import {
  completed,
  isNewSide,
  readStages,
  requireStore,
  type Stage,
  stageIndex,
  STAGES,
  type StageRow,
} from './stage.ts';

/** Moves of a store that are shown. */
const MOVES_SHOWN = 10;

export interface StageMove {
  from: Stage;
  to: Stage;
  /** ISO time in UTC. */
  at: string;
  outcome: 'moved' | 'refused' | 'given up' | 'demoted';
  forced: string | null;
  evidence: unknown;
}

/** Where a store is on its way. */
export interface StoreStage {
  store: string;
  stage: Stage;
  /** Of PostgreSQL's control row; null for a store that was never put under guard. */
  state: 'open' | 'fenced' | 'given' | null;
  /** Who takes the writes: without a control row both sides do what they are told. */
  authority: 'old' | 'new' | 'both';
  epoch: number;
  /** Of 100 record keys, how many are read from PostgreSQL. */
  ramp: number;
  directory: string | null;
  /** ISO time in UTC since which it is in this stage. */
  since: string | null;
  /** What each side is not yet told of: `old` null where the old files cannot be asked from here. */
  lag: { old: number | null; new: number; oldest_ms: number | null; refused: number };
  shadow: Omit<ReadCounts, 'in flight'> & { in_flight: number };
  /** Reads that did not agree which are kept. */
  mismatches: number;
  moves: StageMove[];
  /** The stage that comes next, and what is known of its gates without reading every row. */
  next: { stage: Stage; gates: { name: string; passed: boolean; detail: string }[] }[];
}

/** The stages of all stores, or of one. @throws StockroomError SOURCE_UNKNOWN */
export async function showStages(
  tier: DurableTier,
  options: {
    store?: string | undefined;
    sources?: readonly SourceDefinition[] | undefined;
    /** The old files are not asked how far they are. */
    withoutFiles?: boolean;
  } = {},
): Promise<StoreStage[]> {
  const { sources = builtInSources, store, withoutFiles = false } = options;
  if (store !== undefined) requireStore(sources, store);
  const names = [...new Set(sources.map((source) => source.store))];
  return tier.session(async (session) => {
    const stages = await readStages(session);
    const rows = new Map(stages.map((row) => [row.store, row]));
    const lagOf = async (row: StageRow): Promise<number | null> =>
      withoutFiles ? null : oldLag(session, row, completed(sources, stages, row.directory));
    const shown: StoreStage[] = [];
    for (const name of names.filter((one) => store === undefined || one === store))
      shown.push(await showStore(session, name, rows.get(name) ?? null, lagOf));
    return shown;
  });
}

async function showStore(
  session: Session,
  store: string,
  row: StageRow | null,
  lagOf: (row: StageRow) => Promise<number | null>,
): Promise<StoreStage> {
  const epoch = row?.epoch ?? 0n;
  const counts = await readsSince(session, store, epoch);
  const { 'in flight': inFlight, ...rest } = counts;
  const waiting = await owed(session, store);
  const kept = await session.query<{ n: bigint }>(
    'SELECT count(*) AS n FROM migration_mismatches WHERE store = $1',
    [store],
  );
  const stage = row?.stage ?? 'legacy';
  return {
    store,
    stage,
    state: row?.state ?? null,
    authority: row === null ? 'both' : row.state === 'given' ? 'old' : 'new',
    epoch: Number(epoch),
    ramp: row?.ramp ?? 0,
    directory: row?.directory ?? null,
    since: row?.enteredAt ?? null,
    lag: {
      old: row?.state === 'given' ? await lagOf(row) : 0,
      new: waiting.waiting,
      oldest_ms: waiting.oldestMs === null ? null : Math.round(waiting.oldestMs),
      refused: waiting.refused,
    },
    shadow: { ...rest, in_flight: inFlight },
    mismatches: Number(kept.rows[0]!.n),
    moves: await moves(session, store),
    next: nextOf(stage, row, counts, waiting.waiting),
  };
}

async function moves(session: Session, store: string): Promise<StageMove[]> {
  const { rows } = await session.query<StageMove>(
    `SELECT from_stage AS "from", to_stage AS "to", at, outcome, forced, evidence FROM migration_moves
     WHERE store = $1 ORDER BY id DESC LIMIT ${MOVES_SHOWN}`,
    [store],
  );
  return rows;
}

function nextOf(stage: Stage, row: StageRow | null, counts: ReadCounts, waiting: number): StoreStage['next'] {
  const next = STAGES[stageIndex(stage) + 1];
  if (next === undefined) return [];
  const gates = [{ name: 'verified', passed: true, detail: 'every row is compared when the stage is set' }];
  if (next === 'live') {
    const agreed = counts.match + counts['in flight'];
    const failed = breaches(counts) + counts.error + counts.timeout;
    const detail = `${agreed} of ${READS_THAT_AGREE} reads agree, ${failed} do not`;
    gates.push({ name: 'reads', passed: failed === 0, detail });
  }
  if (next === 'ramp-down')
    gates.push({
      name: 'ramp',
      passed: row?.ramp === 100,
      detail: `${row?.ramp ?? 0} % of the reads come here`,
    });
  if (isNewSide(stage))
    gates.push({ name: 'nothing owed', passed: waiting === 0, detail: `${waiting} writes wait` });
  return [{ stage: next, gates }];
}

/** Changes in the old files' logs that are not applied yet; null when they cannot be asked. */
async function oldLag(
  session: Session,
  row: StageRow,
  over: readonly SourceDefinition[],
): Promise<number | null> {
  const { rows } = await session.query<{ file: string; seq: bigint; token: string | null; prefix: string }>(
    `SELECT f.file, f.seq, f.token, d.prefix FROM migration_follow f
     JOIN migration_directories d ON d.path = $1 AND starts_with(f.file, d.prefix) WHERE f.token IS NOT NULL`,
    [row.directory],
  );
  let lag = 0;
  for (const { file, seq, token, prefix } of rows) {
    const absolute = join(row.directory, file.slice(prefix.length));
    // Of complete stores alone, and removed: nothing can wait in it.
    if (!existsSync(absolute) && (await filesOfOnly(session, over, prefix)).has(file)) continue;
    try {
      lag += await behind(absolute, seq, token);
    } catch (error) {
      // Another machine has the files, or they are away: following says why.
      if (error instanceof StockroomError) return null;
      throw new StockroomError('SOURCE_UNREADABLE', messageOf(error), { cause: error });
    }
  }
  return lag;
}

/** The driver of SQLite is loaded only where an old file has to be asked. */
async function behind(file: string, seq: bigint, token: string | null): Promise<number> {
  const { captureToken, changeExtent } = await import('../../legacy/sqlite/change-log.ts');
  const { openLive } = await import('../../legacy/sqlite/live.ts');
  const connection = openLive(file);
  try {
    return captureToken(connection) === token ? Number(changeExtent(connection).last - seq) : 0;
  } finally {
    connection.close();
  }
}
