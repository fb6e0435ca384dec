import { payloadHash } from '../../core/payload-hash.ts';
import { parseIsoTime, utcDay } from '../../core/iso-time.ts';
import type { Session } from '../../tiers/durable/port.ts';
import { captureRatio, labelOf, measure, returnPct } from './outcome-rules.ts';
import { insertOutcomes, type NewOutcome } from './outcome-rows.ts';
import type { ExitInput, ExitResult, ExitResults } from './outcome-schema.ts';
import { isPrice, type OutcomePick, outcomePickColumns, positionOf } from './outcomes.ts';

export const SCALPING = 'SCALPING';

const MINUTES_MAX = 120;
const POINTS_PER_PERCENT = 5;
const PRICE_POINTS_MAX = 200;

interface Candidate extends OutcomePick {
  readonly symbol: string;
  readonly mode: string;
}

interface KeyedExit {
  readonly index: number;
  readonly key: string;
  readonly exit: ExitInput;
}

/**
 * How far an exit is from a pick: minutes between entry and signal, at most 120, and 5 for each percent between their prices, at most
 * 200. What the exit does not say counts as far.
 */
export function distanceOf(
  exit: Pick<ExitInput, 'entry_time' | 'entry_price'>,
  pick: Pick<OutcomePick, 'signal_ts' | 'signal_price'>,
): number {
  const { entry_time: time, entry_price: price } = exit;
  const minutes =
    typeof time === 'string' ? Math.abs(Date.parse(time) - Date.parse(pick.signal_ts)) / 60_000 : MINUTES_MAX;
  const percent =
    typeof price === 'number'
      ? (Math.abs(price - pick.signal_price) / pick.signal_price) * 100
      : PRICE_POINTS_MAX;
  return Math.min(minutes, MINUTES_MAX) + Math.min(POINTS_PER_PERCENT * percent, PRICE_POINTS_MAX);
}

/**
 * Closes picks by their exits, in the transaction of the session. The nearest pairs of an exit and a pick of the same symbol, mode and
 * UTC day come first; an exit closes one pick and a pick has one exit. An exit that closed a pick before is told so.
 */
export async function applyExits(
  session: Session,
  exits: readonly ExitInput[],
  now: Date,
): Promise<ExitResults> {
  // One caller at a time: two that read the same free pick would both take it.
  await session.query("select pg_advisory_xact_lock(hashtextextended('stockroom.scalping-exits', 0))");
  const keyed = exits.map((exit, index) => ({ index, exit, key: exitKey(exit) }));
  const used = await usedBefore(session, keyed);
  const fresh = new Map<string, KeyedExit>();
  for (const each of keyed) {
    if (!used.has(each.key) && !fresh.has(each.key)) fresh.set(each.key, each);
  }
  const taken = pairUp([...fresh.values()], await candidates(session, [...fresh.values()]));
  const knownAt = parseIsoTime(now.toISOString())!;
  await insertOutcomes(
    session,
    [...taken.values()].map(({ exit, key, pick }) => outcomeOf(exit, key, pick, knownAt)),
  );
  const items = keyed.map(({ exit, key, index }): ExitResult => {
    const told = { symbol: exit.symbol, exit_time: exit.exit_time };
    const match = taken.get(key);
    const first = used.get(key) ?? (match?.index === index ? undefined : match?.pick.pick_uuid);
    if (first !== undefined) return { ...told, result: 'repeated', pick_uuid: first, distance: null };
    if (match === undefined) return { ...told, result: 'unmatched', pick_uuid: null, distance: null };
    return { ...told, result: 'matched', pick_uuid: match.pick.pick_uuid, distance: match.distance };
  });
  const count = (result: ExitResult['result']) => items.filter((item) => item.result === result).length;
  return {
    items,
    next_cursor: null,
    matched: count('matched'),
    repeated: count('repeated'),
    unmatched: count('unmatched'),
  };
}

function exitKey({ exit_id, ...told }: ExitInput): string {
  if (exit_id !== undefined) return `id:${exit_id}`;
  const { symbol, mode, entry_time, entry_price, exit_time, exit_price } = told;
  const said = [symbol, mode, entry_time ?? null, entry_price ?? null, exit_time, exit_price];
  return Buffer.from(payloadHash(said)).toString('hex');
}

/** By their key, or, since the old application kept none, by the time and the price of the exit. */
async function usedBefore(session: Session, exits: readonly KeyedExit[]): Promise<Map<string, string>> {
  const { rows } = await session.query<{ key: string; pick_uuid: string }>(
    `select g.key, o.pick_uuid
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]::timestamptz[], $5::text[]::double precision[])
       as g (key, symbol, mode, exit_time, exit_price)
     join pick_outcomes o on o.exit_key = g.key
     union all
     select g.key, o.pick_uuid
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]::timestamptz[], $5::text[]::double precision[])
       as g (key, symbol, mode, exit_time, exit_price)
     join pick_events p on p.symbol = g.symbol and p.mode = g.mode
       and p.signal_ts between g.exit_time - interval '2 days' and g.exit_time
     join pick_outcomes o on o.pick_uuid = p.pick_uuid and o.evaluation_horizon = $6 and o.exit_key is null
       and o.horizon_end_ts = g.exit_time and o.price_close = g.exit_price`,
    [
      exits.map(({ key }) => key),
      exits.map(({ exit }) => exit.symbol),
      exits.map(({ exit }) => exit.mode),
      exits.map(({ exit }) => exit.exit_time),
      exits.map(({ exit }) => String(exit.exit_price)),
      SCALPING,
    ],
  );
  return new Map(rows.map(({ key, pick_uuid }) => [key, pick_uuid]));
}

function dayOf({ entry_time, exit_time }: ExitInput): string {
  return utcDay(entry_time ?? exit_time);
}

/** Picks without an exit, of the symbols, modes and days of the exits. */
async function candidates(session: Session, exits: readonly KeyedExit[]): Promise<Map<string, Candidate[]>> {
  const places = new Map(
    exits.map(({ exit }) => [placeOf(exit.symbol, exit.mode, dayOf(exit)), { exit, day: dayOf(exit) }]),
  );
  const wanted = [...places.values()];
  const found = new Map<string, Candidate[]>();
  if (wanted.length === 0) return found;
  const { rows } = await session.query<Candidate>(
    `select p.symbol, p.mode, ${outcomePickColumns}
     from unnest($1::text[], $2::text[], $3::text[]::timestamptz[]) as g (symbol, mode, day)
     join pick_events p on p.symbol = g.symbol and p.mode = g.mode
       and p.signal_ts >= g.day and p.signal_ts < g.day + interval '1 day'
     where not exists (select from pick_outcomes o
       where o.pick_uuid = p.pick_uuid and o.evaluation_horizon = $4)
     order by p.signal_ts, p.id`,
    [
      wanted.map(({ exit }) => exit.symbol),
      wanted.map(({ exit }) => exit.mode),
      wanted.map(({ day }) => `${day}T00:00:00Z`),
      SCALPING,
    ],
  );
  for (const pick of rows) {
    if (!isPrice(pick.signal_price)) continue;
    const place = placeOf(pick.symbol, pick.mode, utcDay(pick.signal_ts));
    const there = found.get(place);
    if (there === undefined) found.set(place, [pick]);
    else there.push(pick);
  }
  return found;
}

function placeOf(symbol: string, mode: string, day: string): string {
  return JSON.stringify([symbol, mode, day]);
}

interface Match extends KeyedExit {
  readonly pick: Candidate;
  readonly distance: number;
}

/** Nearest pairs first; of equally near ones the earlier pick, and the exit that was given first. */
function pairUp(
  exits: readonly KeyedExit[],
  free: ReadonlyMap<string, readonly Candidate[]>,
): Map<string, Match> {
  const pairs: Match[] = exits.flatMap((each) =>
    (free.get(placeOf(each.exit.symbol, each.exit.mode, dayOf(each.exit))) ?? [])
      // What was over before the pick was made is not its exit.
      .filter((pick) => pick.signal_ts <= each.exit.exit_time)
      .map((pick) => ({ ...each, pick, distance: distanceOf(each.exit, pick) })),
  );
  pairs.sort((a, b) => a.distance - b.distance || byTime(a.pick, b.pick) || a.index - b.index);
  const taken = new Map<string, Match>();
  const closed = new Set<string>();
  for (const pair of pairs) {
    if (taken.has(pair.key) || closed.has(pair.pick.pick_uuid)) continue;
    taken.set(pair.key, pair);
    closed.add(pair.pick.pick_uuid);
  }
  return taken;
}

function byTime(a: Candidate, b: Candidate): number {
  if (a.signal_ts !== b.signal_ts) return a.signal_ts < b.signal_ts ? -1 : 1;
  return a.pick_uuid < b.pick_uuid ? -1 : a.pick_uuid === b.pick_uuid ? 0 : 1;
}

const targetReasons = new Set(['TARGET', 'TARGET_HIT', 'HIT_TARGET']);
const stopReasons = new Set(['STOP', 'STOP_HIT', 'STOP_LOSS', 'STOP_LOSS_HIT', 'SL_HIT', 'HIT_STOP']);

function outcomeOf(exit: ExitInput, key: string, pick: Candidate, knownAt: string): NewOutcome {
  const position = positionOf(pick);
  const reason = exit.exit_reason?.toUpperCase().replaceAll(/[\s-]+/g, '_') ?? '';
  const entry = { ...position, price: exit.entry_price ?? pick.signal_price };
  const ret = exit.pnl_pct ?? exit.return_pct ?? returnPct(entry, exit.exit_price);
  const runup = exit.max_runup_pct ?? null;
  // The exit is the one price that is known to have been seen.
  const at = exit.exit_price;
  const reached = measure(position, { close: at, high: at, low: at });
  return {
    pick_uuid: pick.pick_uuid,
    evaluation_horizon: SCALPING,
    horizon_end_ts: exit.exit_time,
    price_close: at,
    price_high: null,
    price_low: null,
    ret_close_pct: ret,
    max_runup_pct: runup,
    max_drawdown_pct: exit.max_drawdown_pct ?? null,
    benchmark_symbol: null,
    benchmark_ret_pct: null,
    ret_vs_benchmark_pct: exit.alpha_vs_benchmark ?? null,
    hit_target: targetReasons.has(reason) ? true : reached.hit_target,
    hit_stop: stopReasons.has(reason) ? true : reached.hit_stop,
    outcome_label: labelOf(ret),
    notes: {
      capture_ratio: captureRatio(ret, runup),
      exit_reason: exit.exit_reason ?? null,
      ...(exit.labels ? { labels: exit.labels } : {}),
      ...exit.notes,
    },
    known_at: knownAt,
    exit_key: key,
  };
}
