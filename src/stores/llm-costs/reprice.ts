import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import { utcDay } from '../../core/iso-time.ts';
import { jsonInteger } from '../../core/json-number.ts';
import { type DurableTier, retried, type Session } from '../../tiers/durable/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import type { Views } from '../../tiers/views/index.ts';
import { raiseAlerts } from './alerts.ts';
import { writeAudit } from './audit.ts';
import { Exact, moneyText } from './money.ts';
import { overridesOf } from './overrides.ts';
import type { Repriced, RepriceInput } from './price-schema.ts';
import { costOf, ratesOf } from './pricing.ts';
import type { Projections } from './projections.ts';

/** Rows in one transaction. */
const BATCH = 500;
/** Keys of single requests live for a day from their writing on: younger ones are corrected, older ones dropped. */
const KEY_LIFE_MS = 86_400_000;

export interface RepriceOptions {
  readonly durable: DurableTier;
  readonly clock: Clock;
  readonly hot: HotTier | undefined;
  readonly views: Views | undefined;
  readonly projections: Projections | undefined;
  readonly alerted: () => void;
}

/** How far a run is, as its row in the audit log has it: written in the transaction of each batch, so never ahead or behind. */
interface Progress extends RepriceInput {
  /** The last row that was looked at. */
  readonly after: readonly [created_at: string, id: string] | null;
  readonly done: boolean;
  readonly examined: number;
  readonly changed: number;
  readonly unpriced: number;
  readonly kept: number;
  readonly sum_before_usd: string;
  readonly sum_after_usd: string;
}

interface PricedRow {
  id: bigint;
  model: string;
  provider: string | null;
  created_at: string;
  tokens_input: bigint | null;
  tokens_output: bigint | null;
  cached_read_tokens: bigint | null;
  cached_write_tokens: bigint | null;
  reasoning_tokens: bigint | null;
  cost_usd: string | null;
  priced_by: string | null;
}

interface Change {
  readonly row: PricedRow;
  readonly cost: string | null;
  readonly source: string | null;
}

/** Prices requests anew, at the time of each: a batch a transaction. @param actor for the audit log */
export async function reprice(
  options: RepriceOptions,
  input: RepriceInput,
  actor: string,
): Promise<Repriced> {
  const { durable } = options;
  const subject = `llm-reprice:${randomUUID()}`;
  await retried(() => durable.transaction((session) => begin(session, subject, input, actor)));
  for (;;) {
    const { progress, changes, raised } = await retried(() =>
      durable.transaction((session) => step(options, session, subject)),
    );
    if (raised > 0) options.alerted();
    await changes();
    if (progress.done) return answerOf(subject, progress);
  }
}

async function begin(session: Session, subject: string, input: RepriceInput, actor: string): Promise<void> {
  const { rows } = await session.query('select from audit_log where subject = $1', [subject]);
  // It is there when the answer to the first commit was lost.
  if (rows.length > 0) return;
  const detail: Progress = {
    ...input,
    after: null,
    done: false,
    examined: 0,
    changed: 0,
    unpriced: 0,
    kept: 0,
    sum_before_usd: '0',
    sum_after_usd: '0',
  };
  await writeAudit(session, { actor, action: 'llm-reprice', subject, detail: { ...detail } });
}

async function step(options: RepriceOptions, session: Session, subject: string) {
  const { rows: audits } = await session.query<{ detail: Progress }>(
    'select detail from audit_log where subject = $1 for update',
    [subject],
  );
  const before = audits[0]!.detail;
  const rows = await candidates(session, before);
  const mine = rows.filter(({ priced_by }) => priced_by !== 'caller');
  const changes = await pricesOf(session, mine);
  await apply(session, changes);
  const progress = advanced(before, rows, mine, changes);
  await session.query('update audit_log set detail = $2 where subject = $1', [
    subject,
    JSON.stringify(progress),
  ]);
  const days = [...new Set(changes.map(({ row }) => utcDay(row.created_at)))];
  const raised = await raiseAlerts(session, options.clock, undefined, days);
  return { progress, raised, changes: await projected(options, session, changes) };
}

async function candidates(session: Session, progress: Progress): Promise<PricedRow[]> {
  const { from, to, only_unpriced, include_migrated, after } = progress;
  const { rows } = await session.query<PricedRow>(
    `select id, model, provider, created_at, tokens_input, tokens_output, cached_read_tokens, cached_write_tokens,
       reasoning_tokens, trim_scale(cost_usd) as cost_usd, priced_by
     from llm_requests
     where created_at >= $1 and created_at < $2 and (created_at, id) > ($3::timestamptz, $4::bigint)
       ${only_unpriced ? 'and cost_usd is null' : ''}
       ${include_migrated ? '' : 'and legacy_source is null'}
     order by created_at, id limit $5 for update`,
    [from, to, after?.[0] ?? '-infinity', after?.[1] ?? '0', BATCH],
  );
  return rows;
}

/** What differs from what stands there. A price that is known stays when it would become unknown. */
async function pricesOf(session: Session, rows: readonly PricedRow[]): Promise<Change[]> {
  const overrides = await overridesOf(
    session,
    rows.map(({ model }) => model),
  );
  return rows.flatMap((row) => {
    const rates = ratesOf(row, row.created_at, overrides.get(row.model) ?? []);
    const cost = rates === undefined ? undefined : costOf(rates, row);
    if (rates === undefined || cost === undefined) return [];
    const same = row.cost_usd !== null && new Exact(row.cost_usd).equals(cost);
    return same && row.priced_by === rates.source ? [] : { row, cost, source: rates.source };
  });
}

async function apply(session: Session, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  await session.query(
    `update llm_requests as request set cost_usd = given.cost, priced_by = given.source
     from unnest($1::text[]::bigint[], $2::text[]::numeric[], $3::text[]) as given (id, cost, source)
     where request.id = given.id`,
    [
      changes.map(({ row }) => String(row.id)),
      changes.map(({ cost }) => cost),
      changes.map(({ source }) => source),
    ],
  );
}

function advanced(
  before: Progress,
  rows: readonly PricedRow[],
  mine: readonly PricedRow[],
  changes: readonly Change[],
): Progress {
  const costs = new Map(changes.map(({ row, cost }) => [row.id, cost]));
  const sum = (start: string, costOfRow: (row: PricedRow) => string | null): string =>
    moneyText(mine.reduce((total, row) => total.plus(costOfRow(row) ?? 0), new Exact(start)));
  const after = (row: PricedRow): string | null => costs.get(row.id) ?? row.cost_usd;
  const last = rows.at(-1);
  return {
    ...before,
    after: last === undefined ? before.after : [last.created_at, String(last.id)],
    done: rows.length < BATCH,
    examined: before.examined + mine.length,
    changed: before.changed + changes.length,
    unpriced: before.unpriced + mine.filter((row) => after(row) === null).length,
    kept: before.kept + rows.length - mine.length,
    sum_before_usd: sum(before.sum_before_usd, (row) => row.cost_usd),
    sum_after_usd: sum(before.sum_after_usd, after),
  };
}

/** @returns what corrects the keys, after the commit */
async function projected(
  { clock, hot, views, projections }: RepriceOptions,
  session: Session,
  changed: readonly Change[],
): Promise<() => Promise<void>> {
  if (views === undefined || projections === undefined || changed.length === 0)
    return () => Promise.resolve();
  const changes = views.changes();
  const young = new Date(clock().getTime() - 2 * KEY_LIFE_MS).toISOString();
  const old: string[] = [];
  for (const { row } of changed) {
    const date = utcDay(row.created_at);
    changes.refresh(projections.daily, date);
    changes.refresh(projections.model, { model: row.model, date });
    if (row.created_at >= young) changes.refresh(projections.request, String(row.id));
    else old.push(projections.request.fullKey(String(row.id)));
  }
  changes.note(session);
  return async () => {
    await changes.apply();
    await Promise.all(old.map((key) => drop(hot, key)));
  };
}

/** Of requests that were made long ago and logged lately. Where Redis is away their keys end within a day. */
async function drop(hot: HotTier | undefined, key: string): Promise<void> {
  try {
    await hot?.projections.drop(key);
  } catch (error) {
    if (!codeOf(error).startsWith('HOT_')) throw error;
  }
}

function answerOf(subject: string, progress: Progress): Repriced {
  return {
    audit_subject: subject,
    examined: jsonInteger(BigInt(progress.examined)),
    changed: jsonInteger(BigInt(progress.changed)),
    unpriced: jsonInteger(BigInt(progress.unpriced)),
    kept: jsonInteger(BigInt(progress.kept)),
    sum_before_usd: progress.sum_before_usd,
    sum_after_usd: progress.sum_after_usd,
  };
}
