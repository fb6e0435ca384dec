import type { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import { type Page, pageOf } from '../../core/page.ts';
import { payloadHash } from '../../core/payload-hash.ts';
import type { DurableTier, Param, Session } from '../../tiers/durable/index.ts';
import type { Changes, Views } from '../../tiers/views/index.ts';
import { checked } from './fields.ts';
import type { ContextViews } from './keys.ts';
import { learningColumns, learningOf, type LearningRow, NO_TIME, updatedAt } from './learning-rows.ts';
import { lockFor } from './lock.ts';
import {
  type Idempotent,
  learnInput,
  type LearnInput,
  type Learning,
  type LearningsQuery,
  type Learnt,
} from './schema.ts';
import type { Time } from './time.ts';

/** An idempotency key is known for so long, and each use of one removes so many older ones. */
const KEY_DAYS = 30;
const KEYS_REMOVED = 100;

export interface Learnings {
  /**
   * Counts outcomes in: accuracy' = (accuracy · n + a · m) / (n + m), where a is the share in which the agent was right in the m
   * samples given. Concurrent calls are all counted; with an idempotency key one that is repeated within 30 days is counted once.
   * @throws StockroomError INVALID_INPUT, IDEMPOTENCY_CONFLICT
   */
  learn(input: LearnInput, options?: Idempotent): Promise<Learnt>;
  /** What was learnt, last first. */
  list(query: LearningsQuery): Promise<Page<Learning>>;
}

export function createLearnings(
  durable: DurableTier,
  all: Views,
  views: ContextViews,
  time: Time,
): Learnings {
  return {
    async learn(given, { idempotencyKey } = {}) {
      const input = checked(learnInput, given);
      let changes: Changes | undefined;
      const learnt = await durable.transaction(async (session) => {
        changes = all.changes();
        const key = idempotencyKey === undefined ? undefined : { key: idempotencyKey, hash: hashOf(input) };
        const known = key && (await knownResult(session, key));
        if (known !== undefined) return { ...known, repeated: true };
        const learning = learningOf(await count(session, input, time.now()));
        if (key !== undefined) await keepResult(session, key, learning);
        changes.refresh(views.learning, input.agent_type);
        changes.note(session);
        return { ...learning, repeated: false };
      });
      await changes?.apply();
      return learnt;
    },

    async list({ agent_type, limit, cursor }) {
      const conditions: string[] = [];
      const params: Param[] = [limit + 1];
      const param = (value: Param): string => `$${params.push(value)}`;
      if (agent_type !== undefined) conditions.push(`agent_type = ${param(agent_type)}`);
      if (cursor !== undefined) {
        conditions.push(
          `(${updatedAt}, id) < (${param(cursor[0])}::timestamptz, ${param(cursor[1])}::bigint)`,
        );
      }
      const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
      const { rows } = await durable.query<LearningRow>(
        `select ${learningColumns} from agent_learnings ${where} order by ${updatedAt} desc, id desc limit $1`,
        params,
      );
      return pageOf(rows, limit, (row) => [row.last_updated ?? NO_TIME, row.id], learningOf);
    },
  };
}

type Input = z.output<typeof learnInput>;

/** Alone with the pattern: an agent may have learnt it in several migrated rows, of which the newest one goes on. */
async function count(session: Session, input: Input, now: string | null): Promise<LearningRow> {
  const { agent_type, pattern, samples } = input;
  const accuracy = input.accuracy ?? (input.correct === true ? 1 : 0);
  await lockFor(session, 'agent_learnings', agent_type, pattern);
  const { rows } = await session.query<LearningRow>(
    `update agent_learnings set
       accuracy = (coalesce(accuracy * sample_size, 0) + $3::float8 * $4::bigint)
         / (case when accuracy is null then 0 else coalesce(sample_size, 0) end + $4::bigint),
       sample_size = case when accuracy is null then 0 else coalesce(sample_size, 0) end + $4::bigint,
       last_updated = greatest(last_updated, coalesce($5::timestamptz, clock_timestamp()))
     where id = (
       select id from agent_learnings
       where agent_type = $1 and md5(pattern_recognized) = md5($2) and pattern_recognized = $2
       order by last_updated desc nulls last, id desc limit 1)
     returning ${learningColumns}`,
    [agent_type, pattern, accuracy, samples, now],
  );
  if (rows[0] !== undefined) return rows[0];
  const inserted = await session.query<LearningRow>(
    `insert into agent_learnings (agent_type, pattern_recognized, accuracy, sample_size, last_updated)
     values ($1, $2, $3, $4, coalesce($5::timestamptz, clock_timestamp())) returning ${learningColumns}`,
    [agent_type, pattern, accuracy, samples, now],
  );
  return inserted.rows[0]!;
}

interface Key {
  readonly key: string;
  readonly hash: string;
}

function hashOf(input: Input): string {
  return Buffer.from(payloadHash(input)).toString('hex');
}

async function knownResult(session: Session, { key, hash }: Key): Promise<Learning | undefined> {
  await lockFor(session, 'context_learning_keys', key);
  const { rows } = await session.query<{ hash: string; result: Learning }>(
    "select encode(idempotency_hash, 'hex') as hash, result from context_learning_keys where idempotency_key = $1",
    [key],
  );
  const found = rows[0];
  if (found === undefined || found.hash === hash) return found?.result;
  throw new StockroomError(
    'IDEMPOTENCY_CONFLICT',
    `The idempotency key ${JSON.stringify(key)} was used before with another payload; give every request a key of its own`,
    { details: { key } },
  );
}

async function keepResult(session: Session, { key, hash }: Key, learning: Learning): Promise<void> {
  await session.query(
    `with gone as (
       delete from context_learning_keys where idempotency_key in (
         select idempotency_key from context_learning_keys
         where created_at < now() - make_interval(days => ${KEY_DAYS})
         order by created_at limit ${KEYS_REMOVED} for update skip locked))
     insert into context_learning_keys (idempotency_key, idempotency_hash, result)
     values ($1, decode($2, 'hex'), $3)`,
    [key, hash, JSON.stringify(learning)],
  );
}
