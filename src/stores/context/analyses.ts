import { sql } from 'kysely';
import { randomUUID } from 'node:crypto';
import { StockroomError } from '../../core/errors.ts';
import { type Page, pageOf } from '../../core/page.ts';
import {
  appendRows,
  type AppendTable,
  createGroupCommit,
  type PreparedRow,
  prepareRow,
} from '../../tiers/durable/append/index.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { jsonText } from '../../tiers/state/json.ts';
import type { Views } from '../../tiers/views/index.ts';
import {
  analysisColumns,
  analysisFrom,
  analysisOf,
  type AnalysisRow,
  latestAnalysis,
} from './analysis-rows.ts';
import { checked } from './fields.ts';
import type { ContextViews } from './keys.ts';
import {
  type Analysis,
  type AnalysisInput,
  analysisInput,
  type HistoryQuery,
  type Idempotent,
  type LatestQuery,
  type LoggedAnalysis,
} from './schema.ts';
import type { ContextDatabase } from './table.ts';
import { before, type Time } from './time.ts';

const DOCUMENT_MAX_CHARACTERS = 1_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const table: AppendTable = {
  name: 'agent_analyses',
  columns: {
    symbol: 'text',
    agent_type: 'text',
    score: 'float8',
    confidence: 'text',
    signals: 'jsonb',
    reasoning: 'text',
    metadata: 'jsonb',
    global_context: 'jsonb',
    policy_context: 'jsonb',
    created_at: 'timestamptz',
  },
  returning: analysisColumns,
};

export interface Analyses {
  /**
   * Resolves once it is committed.
   * @throws StockroomError INVALID_INPUT, IDEMPOTENCY_CONFLICT
   */
  log(analysis: AnalysisInput, options?: Idempotent): Promise<LoggedAnalysis>;
  /**
   * Each for itself, with a key made of the idempotency key and its place: when one is refused the others are there, and the
   * call can be repeated. @throws StockroomError INVALID_INPUT before anything is written, IDEMPOTENCY_CONFLICT
   */
  logMany(analyses: readonly AnalysisInput[], options?: Idempotent): Promise<LoggedAnalysis[]>;
  /** @throws StockroomError NOT_FOUND when there is none, or only older ones than `max_age_minutes` */
  latest(query: LatestQuery): Promise<Analysis>;
  /** Of `days` × 24 hours, newest first; those of one time in the order in which they were written. */
  history(query: HistoryQuery): Promise<Page<Analysis>>;
}

export function createAnalyses(durable: DurableTier, all: Views, views: ContextViews, time: Time) {
  const commit = createGroupCommit<PreparedRow, LoggedAnalysis>({
    durable,
    async write(session, rows) {
      const changes = all.changes();
      const appended = await appendRows<AnalysisRow>(session, table, rows);
      const results = appended.map((outcome) => {
        if (outcome instanceof StockroomError) return outcome;
        const { row, repeated } = outcome;
        if (!repeated) changes.refresh(views.analysis, row);
        return { ...analysisOf(row), repeated };
      });
      changes.note(session);
      return { results, committed: () => changes.apply() };
    },
  });

  const analyses: Analyses = {
    async log(analysis, { idempotencyKey } = {}) {
      return commit.submit(prepare(analysis, idempotencyKey, time));
    },

    async logMany(given, { idempotencyKey } = {}) {
      const key = idempotencyKey ?? `auto:${randomUUID()}`;
      // Rows are written in the order of their keys: so those of one time keep the order in which they are given.
      const rows = given.map((analysis, index) =>
        prepare(analysis, `${key}:${String(index).padStart(6, '0')}`, time),
      );
      const outcomes = await Promise.allSettled(rows.map((row) => commit.submit(row)));
      return outcomes.map((outcome) => {
        if (outcome.status === 'rejected') throw outcome.reason;
        return outcome.value;
      });
    },

    latest: (query) => findLatest(durable, views, time, query),
    history: (query) => readHistory(durable, time, query),
  };
  return { analyses, close: () => commit.close() };
}

async function findLatest(
  durable: DurableTier,
  views: ContextViews,
  time: Time,
  { symbol, agent_type, max_age_minutes, as_of }: LatestQuery,
): Promise<Analysis> {
  const found =
    as_of === undefined
      ? await readLatest(views, { symbol, agent_type })
      : await latestAnalysis(durable, { symbol, agent_type }, as_of);
  const oldest =
    max_age_minutes === undefined ? undefined : before(as_of ?? time.stamp(), max_age_minutes * MINUTE_MS);
  if (found !== undefined && (oldest === undefined || found.created_at > oldest)) return found;
  const age = max_age_minutes === undefined ? '' : ` of the last ${max_age_minutes} minutes`;
  const when = as_of === undefined ? '' : ` up to ${as_of}`;
  throw new StockroomError(
    'NOT_FOUND',
    `There is no analysis of ${symbol} by ${agent_type}${age}${when}; GET /v1/context/analyses lists what there is`,
  );
}

async function readHistory(
  durable: DurableTier,
  time: Time,
  { symbol, agent_type, days, limit, cursor, as_of }: HistoryQuery,
): Promise<Page<Analysis>> {
  let query = durable
    .kysely<ContextDatabase>()
    .selectFrom('agent_analyses')
    .select(analysisColumns)
    .where('symbol', '=', symbol)
    .where('created_at', '>', before(as_of ?? time.stamp(), days * DAY_MS))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'asc')
    .limit(limit + 1);
  if (agent_type !== undefined) query = query.where('agent_type', '=', agent_type);
  if (as_of !== undefined) query = query.where('created_at', '<=', as_of);
  if (cursor !== undefined) {
    const [at, id] = cursor;
    query = query.where(
      sql<boolean>`created_at <= ${at}::timestamptz and (created_at < ${at}::timestamptz or id > ${id}::bigint)`,
    );
  }
  return pageOf(await query.execute(), limit, (row) => [row.created_at!, row.id], analysisOf);
}

function prepare(given: AnalysisInput, idempotencyKey: string | undefined, time: Time): PreparedRow {
  const input = checked(analysisInput, given);
  const json = (name: 'signals' | 'metadata' | 'global_context' | 'policy_context'): string | null => {
    const value = input[name];
    return value === undefined || value === null ? null : jsonText(value, name, DOCUMENT_MAX_CHARACTERS);
  };
  return prepareRow({
    idempotencyKey,
    cells: {
      symbol: input.symbol,
      agent_type: input.agent_type,
      score: input.score ?? null,
      confidence: input.confidence ?? null,
      signals: json('signals'),
      reasoning: input.reasoning ?? null,
      metadata: json('metadata'),
      global_context: json('global_context'),
      policy_context: json('policy_context'),
      created_at: input.created_at ?? time.stamp(),
    },
    payload: input,
  });
}

async function readLatest(
  views: ContextViews,
  id: { readonly symbol: string; readonly agent_type: string },
): Promise<Analysis | undefined> {
  const content = await views.analysis.read(id);
  return content?.kind === 'hash' ? analysisFrom(id, content.fields) : undefined;
}
