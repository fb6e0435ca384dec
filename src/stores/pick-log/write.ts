import { StockroomError } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import { isoTime } from '../../core/iso-time.ts';
import { jsonDouble, jsonInteger } from '../../core/json-number.ts';
import {
  type Appended,
  type AppendTable,
  appendRows,
  prepareRow,
  type PreparedRow,
} from '../../tiers/durable/append/index.ts';
import type { Session } from '../../tiers/durable/port.ts';
import { randomUUID } from 'node:crypto';
import { type LoggedPick, type PickInput, priceOf } from './schema.ts';

const table = {
  name: 'pick_events',
  columns: {
    pick_uuid: 'text',
    symbol: 'text',
    direction: 'text',
    source: 'text',
    mode: 'text',
    signal_ts: 'timestamptz',
    trade_date: 'date',
    signal_price: 'double precision',
    recommended_entry: 'double precision',
    recommended_target: 'double precision',
    recommended_stop: 'double precision',
    time_horizon: 'text',
    blend_score: 'double precision',
    recommendation: 'text',
    confidence: 'text',
    regime: 'text',
    risk_profile_bucket: 'text',
    mode_bucket: 'text',
    universe: 'text',
    extra_context: 'jsonb',
  },
  returning: ['id', 'pick_uuid', 'symbol', 'direction', 'mode', 'signal_ts', 'trade_date', 'signal_price'],
} as const satisfies AppendTable;

export interface WrittenRow {
  id: bigint;
  pick_uuid: string;
  symbol: string;
  direction: string;
  mode: string;
  signal_ts: string;
  trade_date: string;
  signal_price: number;
}

/** A pick on its way, with its UUID and its key made once: whoever tries again means the same pick. */
export interface PreparedPick {
  readonly row: PreparedRow;
  /** The UUID that the caller gave. */
  readonly uuid: string | undefined;
  readonly contributions: PickInput['contributions'];
}

export function preparePick(given: PickInput, key: string | undefined, clock: Clock): PreparedPick {
  const { pick_uuid: uuid, contributions, entry_price, price: _, ...columns } = given;
  const signal = given.signal_ts ?? isoTime(clock());
  const row = prepareRow({
    idempotencyKey: key ?? (uuid === undefined ? undefined : `pick_uuid:${uuid}`),
    payload: given,
    cells: {
      ...columns,
      pick_uuid: uuid ?? randomUUID().replaceAll('-', ''),
      direction: given.direction ?? directionOf(given.recommendation),
      signal_ts: signal,
      trade_date: tradeDate(given.trade_date, signal),
      signal_price: priceOf(given)!,
      recommended_entry: given.recommended_entry ?? entry_price ?? null,
      recommended_target: given.recommended_target ?? null,
      recommended_stop: given.recommended_stop ?? null,
      time_horizon: given.time_horizon ?? null,
      blend_score: given.blend_score ?? null,
      recommendation: given.recommendation ?? null,
      confidence: given.confidence ?? null,
      regime: given.regime ?? null,
      risk_profile_bucket: given.risk_profile_bucket ?? null,
      mode_bucket: given.mode_bucket ?? null,
      universe: given.universe ?? null,
      extra_context: jsonText(given.extra_context),
    },
  });
  return { row, uuid, contributions };
}

export function directionOf(recommendation: string | null | undefined): 'LONG' | 'SHORT' {
  return recommendation?.toLowerCase().includes('sell') === true ? 'SHORT' : 'LONG';
}

const INDIA_OFFSET_MS = 330 * 60_000;

/** The calendar day in India of a time. */
export function indiaDay(time: string): string {
  return new Date(Date.parse(time) + INDIA_OFFSET_MS).toISOString().slice(0, 10);
}

function tradeDate(given: string | undefined, signal: string): string {
  const day = indiaDay(signal);
  if (given === undefined || given >= day) return given ?? day;
  throw new StockroomError(
    'INVALID_INPUT',
    `trade_date: expected the exchange's day of the signal (${day}) or a later one, found ${given}`,
  );
}

/**
 * Writes picks with their contributions in the transaction of the session.
 *
 * @returns for each what stands there now, or StockroomError: IDEMPOTENCY_CONFLICT when its key was used for another pick, CONFLICT when
 *   its UUID was
 */
export async function writePicks(
  session: Session,
  picks: readonly PreparedPick[],
): Promise<(LoggedPick | StockroomError)[]> {
  const before = await findByUuid(session, picks);
  const fresh = picks.filter((pick) => firstOf(before, pick) === undefined);
  const appended = await appendRows<WrittenRow>(
    session,
    table,
    fresh.map(({ row }) => row),
  );
  const results = new Map(fresh.map((pick, index) => [pick, appended[index]!]));
  const byKey = new Map(fresh.map((pick) => [pick.row.key, results.get(pick)!]));
  const written = fresh.filter((pick) => {
    const result = results.get(pick)!;
    return !(result instanceof StockroomError) && !result.repeated;
  });
  await writeContributions(session, written);
  return picks.map((pick) => {
    const result = results.get(pick) ?? sameUuid(pick, firstOf(before, pick)!, byKey);
    return result instanceof StockroomError ? result : present(result);
  });
}

interface Found {
  readonly key: string | null;
  readonly hash: string | null;
  readonly row: WrittenRow | undefined;
}

/** What holds the UUID that a caller gave, under another key than the caller's; that includes an earlier one of the same batch. */
function firstOf(before: ReadonlyMap<string, Found>, { uuid, row }: PreparedPick): Found | undefined {
  const found = uuid === undefined ? undefined : before.get(uuid);
  return found === undefined || found.key === row.key ? undefined : found;
}

async function findByUuid(session: Session, picks: readonly PreparedPick[]): Promise<Map<string, Found>> {
  const given = picks.filter(({ uuid }) => uuid !== undefined);
  const found = new Map<string, Found>();
  if (given.length === 0) return found;
  const { rows } = await session.query<WrittenRow & { key: string | null; hash: string | null }>(
    `select idempotency_key as key, encode(idempotency_hash, 'hex') as hash, ${table.returning.join(', ')}
     from pick_events where pick_uuid = any($1::text[])`,
    [given.map(({ uuid }) => uuid!)],
  );
  for (const { key, hash, ...row } of rows) found.set(row.pick_uuid, { key, hash, row });
  for (const { uuid, row } of given) {
    if (!found.has(uuid!)) found.set(uuid!, { key: row.key, hash: row.hash, row: undefined });
  }
  return found;
}

function sameUuid(
  { uuid, row }: PreparedPick,
  first: Found,
  byKey: ReadonlyMap<string, Appended<WrittenRow> | StockroomError>,
): Appended<WrittenRow> | StockroomError {
  if (first.hash === row.hash) {
    if (first.row !== undefined) return { row: first.row, repeated: true };
    const earlier = byKey.get(first.key ?? '');
    if (earlier !== undefined && !(earlier instanceof StockroomError)) return { ...earlier, repeated: true };
  }
  return new StockroomError(
    'CONFLICT',
    `The pick ${uuid} is there already with other values; a pick is never changed`,
    { details: { pick_uuid: uuid } },
  );
}

async function writeContributions(session: Session, picks: readonly PreparedPick[]): Promise<void> {
  const rows = picks.flatMap(({ row, contributions }) =>
    contributions.map((contribution) => ({ ...contribution, uuid: String(row.cells['pick_uuid']) })),
  );
  if (rows.length === 0) return;
  await session.query(
    `insert into pick_agent_contributions (pick_uuid, agent_name, score, confidence, metadata)
     select u, a, s, c, m
     from unnest($1::text[], $2::text[], $3::text[]::double precision[], $4::text[], $5::text[]::jsonb[])
       with ordinality as given (u, a, s, c, m, n)
     order by n`,
    [
      rows.map(({ uuid }) => uuid),
      rows.map(({ agent_name }) => agent_name),
      rows.map(({ score }) => (typeof score === 'number' ? String(score) : null)),
      rows.map(({ confidence }) => confidence ?? null),
      rows.map(({ metadata }) => jsonText(metadata)),
    ],
  );
}

function jsonText(document: unknown): string | null {
  return document === undefined || document === null ? null : JSON.stringify(document);
}

function present({ row, repeated }: Appended<WrittenRow>): LoggedPick {
  return { ...row, id: jsonInteger(row.id), signal_price: jsonDouble(row.signal_price), repeated };
}
