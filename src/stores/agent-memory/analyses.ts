import { sql } from 'kysely';
import { type Clock, systemClock } from '../../core/clock.ts';
import { jsonInteger } from '../../core/json-number.ts';
import { type Page, pageOf } from '../../core/page.ts';
import {
  type Appended,
  appendRows,
  type AppendTable,
  createGroupCommit,
  prepareRow,
  type PreparedRow,
} from '../../tiers/durable/append/index.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { jsonText } from '../../tiers/state/json.ts';
import { type AnalysesQuery, analysesQuery, type AnalysisInput, analysisInput, parse } from './schema.ts';
import type { AgentMemoryDatabase } from './table.ts';

/** What agents found out about symbols. */
export interface Analyses {
  /**
   * Appends one. With an idempotency key that was used before: gives what is there, and writes nothing.
   *
   * @throws StockroomError IDEMPOTENCY_CONFLICT when the key was used with another payload; INVALID_INPUT
   */
  add(input: AnalysisInput): Promise<Analysis & { readonly repeated: boolean }>;
  /** Newest first. */
  list(query: AnalysesQuery): Promise<Page<Analysis>>;
}

export interface Analysis {
  readonly id: number | string;
  readonly symbol: string;
  readonly agent_type: string;
  readonly result: unknown;
  readonly created_at: string;
}

interface AnalysisRow {
  id: bigint;
  symbol: string;
  agent_type: string;
  result: unknown;
  created_at: string;
}

const columns = ['id', 'symbol', 'agent_type', 'result', 'created_at'] as const;
const RESULT_MAX_CHARACTERS = 8 * 2 ** 20;
const table: AppendTable = {
  name: 'memory_analyses',
  columns: { symbol: 'text', agent_type: 'text', result: 'jsonb', created_at: 'timestamptz' },
  returning: columns,
};

export function createAnalyses({
  durable,
  clock = systemClock,
}: {
  durable: DurableTier;
  clock?: Clock | undefined;
}): Analyses & { close(): Promise<void> } {
  const database = durable.kysely<AgentMemoryDatabase>();
  const commits = createGroupCommit<PreparedRow, Appended<AnalysisRow>>({
    durable,
    write: async (session, rows) => ({ results: await appendRows<AnalysisRow>(session, table, rows) }),
  });

  return {
    async add(input) {
      const { idempotency_key: idempotencyKey, ...payload } = parse(analysisInput, input);
      const { symbol, agent_type, result, created_at } = payload;
      const cells = {
        symbol,
        agent_type,
        result: jsonText(result, 'result', RESULT_MAX_CHARACTERS),
        created_at: created_at ?? clock().toISOString(),
      };
      const { row, repeated } = await commits.submit(prepareRow({ idempotencyKey, payload, cells }));
      return { ...analysisOf(row), repeated };
    },

    async list(query) {
      const { symbol, agent_type, from, to, limit, cursor } = parse(analysesQuery, query);
      let rows = database
        .selectFrom('memory_analyses')
        .select([...columns])
        .where('symbol', '=', symbol)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1);
      if (agent_type !== undefined) rows = rows.where('agent_type', '=', agent_type);
      if (from !== undefined) rows = rows.where('created_at', '>=', from);
      if (to !== undefined) rows = rows.where('created_at', '<', to);
      if (cursor !== undefined) {
        const [time, id] = cursor;
        rows = rows.where(sql<boolean>`(created_at, id) < (${time}::timestamptz, ${id}::bigint)`);
      }
      return pageOf(await rows.execute(), limit, (row) => [row.created_at, row.id], analysisOf);
    },

    close: () => commits.close(),
  };
}

function analysisOf({ id, symbol, agent_type, result, created_at }: AnalysisRow): Analysis {
  return { id: jsonInteger(id), symbol, agent_type, result, created_at };
}
