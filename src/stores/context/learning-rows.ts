import { jsonDouble, jsonInteger, jsonIntegerOrNull } from '../../core/json-number.ts';
import type { Source } from '../../tiers/views/index.ts';
import type { Learning } from './schema.ts';

export interface LearningRow {
  readonly id: bigint;
  readonly agent_type: string;
  readonly pattern_recognized: string | null;
  readonly accuracy: number | null;
  readonly sample_size: bigint | null;
  readonly last_updated: string | null;
}

export const learningColumns = 'id, agent_type, pattern_recognized, accuracy, sample_size, last_updated';

/** Rows without a time come last. */
export const NO_TIME = '0001-01-01T00:00:00.000000Z';
/** As the indexes have it. */
export const updatedAt = `coalesce(last_updated, '${NO_TIME}')`;

export function learningOf(row: LearningRow): Learning {
  return {
    id: jsonInteger(row.id),
    agent_type: row.agent_type,
    pattern: row.pattern_recognized,
    accuracy: jsonDouble(row.accuracy),
    sample_size: jsonIntegerOrNull(row.sample_size),
    last_updated: row.last_updated,
  };
}

/** What an agent learnt last. */
export async function latestLearning(source: Source, agentType: string): Promise<Learning | undefined> {
  const { rows } = await source.query<LearningRow>(
    `select ${learningColumns} from agent_learnings where agent_type = $1
     order by ${updatedAt} desc, id desc limit 1`,
    [agentType],
  );
  return rows[0] && learningOf(rows[0]);
}

/** A field that is null is absent. */
export function learningFields({ pattern, accuracy, sample_size, last_updated }: Learning) {
  const fields: Record<string, string> = {};
  const given = Object.entries({ pattern, accuracy, sample_size, last_updated });
  for (const [name, value] of given) if (value !== null) fields[name] = String(value);
  return fields;
}
