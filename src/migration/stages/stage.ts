import type { SideState } from '../../capture/index.ts';
import { StockroomError } from '../../core/errors.ts';
import type { Session } from '../../tiers/durable/index.ts';
import type { SourceDefinition } from '../source.ts';

/** The stages of a store's migration, in their order. */
export const STAGES = ['legacy', 'dual-write', 'shadow', 'live', 'ramp-down', 'complete'] as const;

export type Stage = (typeof STAGES)[number];

/** The control row of PostgreSQL's side of a store. */
export interface StageRow {
  readonly store: string;
  readonly stage: Stage;
  readonly state: SideState;
  readonly epoch: bigint;
  /** Of 100 record keys, how many are read from PostgreSQL. */
  readonly ramp: number;
  /** The old directory. */
  readonly directory: string;
  /** ISO time in UTC. */
  readonly enteredAt: string;
}

export const stageIndex = (stage: Stage): number => STAGES.indexOf(stage);

/** Whether PostgreSQL is the authority in a stage. */
export const isNewSide = (stage: Stage): boolean => stageIndex(stage) >= stageIndex('live');

/** Whether what is written to PostgreSQL in a stage is replayed to the old side. */
export const isReplayed = (stage: Stage): boolean => stage === 'live' || stage === 'ramp-down';

/** @throws StockroomError INVALID_INPUT */
export function parseStage(text: string): Stage {
  const found = STAGES.find((stage) => stage === text);
  if (found !== undefined) return found;
  throw new StockroomError('INVALID_INPUT', `stage: expected one of ${STAGES.join(', ')}, found ${text}`, {
    details: { field: 'stage' },
  });
}

const SELECT = `SELECT store, stage, state, epoch, ramp, directory, entered_at AS "enteredAt" FROM migration_stages`;

/** The control rows of all stores that are on their way. */
export async function readStages(session: Pick<Session, 'query'>): Promise<StageRow[]> {
  return (await session.query<StageRow>(`${SELECT} ORDER BY store`)).rows;
}

/** The control row of a store; null when it was never put under guard. */
export async function readStage(session: Pick<Session, 'query'>, store: string): Promise<StageRow | null> {
  return (await session.query<StageRow>(`${SELECT} WHERE store = $1`, [store])).rows[0] ?? null;
}

/** @throws StockroomError SOURCE_UNKNOWN */
export function requireStore(sources: readonly SourceDefinition[], store: string): void {
  if (sources.some((source) => source.store === store)) return;
  const known = [...new Set(sources.map((source) => source.store))].join(', ');
  throw new StockroomError('SOURCE_UNKNOWN', `there is no store ${store}; the stores are ${known}`);
}

/** The sources that are followed into PostgreSQL: not those whose authority it is, or that are followed from elsewhere. */
export function followed(
  sources: readonly SourceDefinition[],
  stages: readonly StageRow[],
  directory: string,
): SourceDefinition[] {
  const away = new Set(
    stages.filter((row) => row.state !== 'given' || row.directory !== directory).map(({ store }) => store),
  );
  return sources.filter(({ store }) => !away.has(store));
}

/** The sources whose old files in a directory are history: their store is complete. */
export function completed(
  sources: readonly SourceDefinition[],
  stages: readonly StageRow[],
  directory: string,
): SourceDefinition[] {
  const rows = stages.filter((row) => row.stage === 'complete' && row.directory === directory);
  const stores = new Set(rows.map(({ store }) => store));
  return sources.filter(({ store }) => stores.has(store));
}

/** Stores whose authority is the old side. */
export function ownedStores(stages: readonly StageRow[]): Set<string> {
  return new Set(stages.filter(({ state }) => state === 'given').map(({ store }) => store));
}
