import { StockroomError } from '../../core/errors.ts';
import { parseIsoTime } from '../../core/iso-time.ts';
import { type DailyCandle, type DailyCandles, readCandles } from './candles.ts';
import { type HorizonOf, horizonSessions } from './calendar.ts';
import { captureRatio, labelOf, measure } from './outcome-rules.ts';
import { insertOutcomes, type NewOutcome } from './outcome-rows.ts';
import type { ComputeInput, OutcomesReport } from './outcome-schema.ts';
import { isPrice, type OutcomePick, type OutcomesOptions, positionOf } from './outcomes.ts';

export interface ComputeOptions extends ComputeInput {
  readonly candles: DailyCandles;
  /** After every page, once it is committed. */
  readonly onProgress?: ((report: OutcomesReport) => void) | undefined;
  /** Ends the work after the page that it is at; what was committed stays. */
  readonly signal?: AbortSignal | undefined;
}

const PAGE = 500;
const FAILURES_SHOWN = 20;

type Reason = keyof OutcomesReport['pending_reasons'];
type Span = NonNullable<ReturnType<HorizonOf>>;

interface PickRow extends OutcomePick {
  readonly id: bigint;
  readonly symbol: string;
  readonly existing: boolean;
}

interface Due {
  readonly pick: PickRow;
  readonly span: Span;
}

/**
 * Computes what became of the picks of a range of trade dates. Pages are committed one by one, and an outcome that exists is never
 * computed again: a run that was ended goes on where it was, and two at once do no harm.
 *
 * @returns how far it came; `complete` unless the signal ended it
 */
export async function computeOutcomes(
  options: OutcomesOptions,
  given: ComputeOptions,
): Promise<OutcomesReport> {
  const report = emptyReport(given, await countPicks(options, given));
  let after: readonly [date: string, id: bigint] = [given.from, 0n];
  for (;;) {
    if (given.signal?.aborted === true) return { ...report, complete: false };
    const rows = await nextPage(options, given, after);
    const last = rows.at(-1);
    if (last === undefined) break;
    await computePage(options, given, rows, report);
    // Picks that came while it ran are picks of the range as well.
    report.done += rows.length;
    report.picks = Math.max(report.picks, report.done);
    given.onProgress?.(structuredClone(report));
    after = [last.trade_date, last.id];
  }
  return { ...report, complete: true };
}

function emptyReport({ from, to, horizon }: ComputeInput, picks: number): OutcomesReport {
  return {
    from,
    to,
    horizon,
    picks,
    done: 0,
    computed: 0,
    existing: 0,
    pending: 0,
    pending_reasons: { horizon_open: 0, no_session: 0, no_candles: 0, no_benchmark: 0, no_price: 0 },
    failures: [],
    complete: false,
  };
}

async function countPicks({ durable }: OutcomesOptions, { from, to, mode }: ComputeInput): Promise<number> {
  const { rows } = await durable.query<{ count: bigint }>(
    `select count(*) as count from pick_events
     where trade_date between $1::date and $2::date and ($3::text is null or mode = $3)`,
    [from, to, mode ?? null],
  );
  return Number(rows[0]!.count);
}

async function nextPage(
  { durable }: OutcomesOptions,
  { to, horizon, mode }: ComputeInput,
  [date, id]: readonly [string, bigint],
): Promise<PickRow[]> {
  const { rows } = await durable.query<PickRow>(
    `select p.id, p.pick_uuid, p.symbol, p.direction, p.signal_ts, p.trade_date, p.signal_price,
       p.recommended_target, p.recommended_stop, o.id is not null as existing
     from pick_events p
     left join pick_outcomes o on o.pick_uuid = p.pick_uuid and o.evaluation_horizon = $5
     where (p.trade_date, p.id) > ($1::date, $2::bigint) and p.trade_date <= $3::date
       and ($4::text is null or p.mode = $4)
     order by p.trade_date, p.id limit ${PAGE}`,
    [date, id, to, mode ?? null, horizon],
  );
  return rows;
}

async function computePage(
  options: OutcomesOptions,
  given: ComputeOptions,
  rows: readonly PickRow[],
  report: OutcomesReport,
): Promise<void> {
  const pending = (reason: Reason): void => {
    report.pending += 1;
    report.pending_reasons[reason] += 1;
  };
  const due = dueOf(options, given, rows, report, pending);
  const { bySymbol, failures } = await readCandles(given.candles, wantedOf(due, given.benchmark));
  for (const failure of failures) {
    const told = report.failures.some(({ symbol }) => symbol === failure.symbol);
    if (!told && report.failures.length < FAILURES_SHOWN) report.failures.push(failure);
  }
  const knownAt = parseIsoTime(options.clock().toISOString())!;
  const outcomes: NewOutcome[] = [];
  for (const { pick, span } of due) {
    const candles = candlesOf(bySymbol.get(pick.symbol), span);
    const benchmark = given.benchmark === undefined ? null : candlesOf(bySymbol.get(given.benchmark), span);
    if (candles === undefined) pending('no_candles');
    else if (benchmark === undefined) pending('no_benchmark');
    else outcomes.push(outcomeOf(given, pick, span, candles, benchmark, knownAt));
  }
  const computed = await insertOutcomes(options.durable, outcomes);
  report.computed += computed;
  report.existing += outcomes.length - computed;
}

/** The picks whose horizon is over and that have no outcome yet. */
function dueOf(
  { calendar, exchange, clock }: OutcomesOptions,
  { horizon }: ComputeOptions,
  rows: readonly PickRow[],
  report: OutcomesReport,
  pending: (reason: Reason) => void,
): Due[] {
  const horizonOf = horizonSessions(calendar, exchange, horizon);
  const now = clock().getTime();
  return rows.flatMap((pick): Due[] => {
    if (pick.existing) report.existing += 1;
    else if (!isPrice(pick.signal_price)) pending('no_price');
    else {
      const span = horizonOf(pick);
      if (span === undefined) pending('no_session');
      else if (Date.parse(span.at(-1)!.closesAt) > now) pending('horizon_open');
      else return [{ pick, span }];
    }
    return [];
  });
}

/** For each symbol the days that its picks need, and for the benchmark all of them. */
function wantedOf(due: readonly Due[], benchmark: string | undefined): Map<string, [string, string]> {
  const wanted = new Map<string, [string, string]>();
  for (const { pick, span } of due) {
    for (const symbol of benchmark === undefined ? [pick.symbol] : [pick.symbol, benchmark]) {
      const [from, to] = [span[0]!.date, span.at(-1)!.date];
      const range = wanted.get(symbol) ?? [from, to];
      wanted.set(symbol, [from < range[0] ? from : range[0], to > range[1] ? to : range[1]]);
    }
  }
  return wanted;
}

/** A candle for each session, or undefined: the highest of some of the days would pass for that of all. */
function candlesOf(
  byDate: ReadonlyMap<string, DailyCandle> | undefined,
  span: Span,
): readonly DailyCandle[] | undefined {
  const candles = span.flatMap(({ date }) => byDate?.get(date) ?? []);
  return candles.length === span.length ? candles : undefined;
}

function outcomeOf(
  { horizon, benchmark }: ComputeOptions,
  pick: PickRow,
  span: Span,
  candles: readonly DailyCandle[],
  compared: readonly DailyCandle[] | null,
  knownAt: string,
): NewOutcome {
  const prices = {
    close: candles.at(-1)!.close,
    high: Math.max(...candles.map(({ high }) => high)),
    low: Math.min(...candles.map(({ low }) => low)),
  };
  const measured = measure(positionOf(pick), prices);
  const ret = measured.ret_close_pct;
  if (ret === null) throw new StockroomError('INTERNAL', `no return of the pick ${pick.pick_uuid}`);
  const benchmarkRet = compared === null ? null : (compared.at(-1)!.close / compared[0]!.open - 1) * 100;
  return {
    pick_uuid: pick.pick_uuid,
    evaluation_horizon: horizon,
    horizon_end_ts: parseIsoTime(span.at(-1)!.closesAt)!,
    price_close: prices.close,
    price_high: prices.high,
    price_low: prices.low,
    ...measured,
    benchmark_symbol: benchmark ?? null,
    benchmark_ret_pct: benchmarkRet,
    ret_vs_benchmark_pct: benchmarkRet === null ? null : ret - benchmarkRet,
    outcome_label: labelOf(ret),
    notes: { capture_ratio: captureRatio(ret, measured.max_runup_pct) },
    known_at: knownAt,
    exit_key: null,
  };
}
