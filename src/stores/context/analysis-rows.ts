import type { Selectable } from 'kysely';
import { jsonDouble, jsonInteger } from '../../core/json-number.ts';
import type { Source } from '../../tiers/views/index.ts';
import type { Analysis } from './schema.ts';
import type { AgentAnalysesTable, ContextDatabase } from './table.ts';

export const analysisColumns = [
  'id',
  'symbol',
  'agent_type',
  'score',
  'confidence',
  'signals',
  'reasoning',
  'metadata',
  'global_context',
  'policy_context',
  'created_at',
] as const;

export type AnalysisRow = Pick<Selectable<AgentAnalysesTable>, (typeof analysisColumns)[number]>;

export function analysisOf(row: AnalysisRow): Analysis {
  return {
    id: jsonInteger(row.id),
    symbol: row.symbol,
    agent_type: row.agent_type,
    score: jsonDouble(row.score),
    confidence: row.confidence,
    signals: row.signals,
    reasoning: row.reasoning,
    metadata: row.metadata,
    global_context: row.global_context,
    policy_context: row.policy_context,
    // Rows without a time, which old files may hold, are neither the latest nor part of a history.
    created_at: row.created_at!,
  };
}

/** The newest of a symbol and agent, up to a time; of one time the one that was written last. */
export async function latestAnalysis(
  source: Source,
  { symbol, agent_type }: { readonly symbol: string; readonly agent_type: string },
  upTo?: string,
): Promise<Analysis | undefined> {
  let query = source
    .kysely<ContextDatabase>()
    .selectFrom('agent_analyses')
    .select(analysisColumns)
    .where('symbol', '=', symbol)
    .where('agent_type', '=', agent_type)
    .where('created_at', 'is not', null)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1);
  if (upTo !== undefined) query = query.where('created_at', '<=', upTo);
  const row = await query.executeTakeFirst();
  return row && analysisOf(row);
}

const documents = ['signals', 'metadata', 'global_context', 'policy_context'] as const;
const texts = ['confidence', 'reasoning'] as const;

/** A field that is null is absent. */
export function analysisFields(of: Analysis): Record<string, string> {
  const fields: Record<string, string> = { id: String(of.id), created_at: of.created_at };
  if (of.score !== null) fields['score'] = String(of.score);
  for (const name of texts) if (of[name] !== null) fields[name] = of[name];
  for (const name of documents) if (of[name] !== null) fields[name] = JSON.stringify(of[name]);
  return fields;
}

/** The other way. */
export function analysisFrom(
  { symbol, agent_type }: { readonly symbol: string; readonly agent_type: string },
  fields: Readonly<Record<string, string>>,
): Analysis {
  const json = (name: string): unknown =>
    fields[name] === undefined ? null : (JSON.parse(fields[name]) as unknown);
  return {
    id: jsonInteger(fields['id']!),
    symbol,
    agent_type,
    score: fields['score'] === undefined ? null : Number(fields['score']),
    confidence: fields['confidence'] ?? null,
    signals: json('signals'),
    reasoning: fields['reasoning'] ?? null,
    metadata: json('metadata'),
    global_context: json('global_context'),
    policy_context: json('policy_context'),
    created_at: fields['created_at']!,
  };
}
