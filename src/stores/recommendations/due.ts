import { sql } from 'kysely';
import { type Clock, systemClock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { jsonInteger } from '../../core/json-number.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { transact, type Views } from '../../tiers/views/index.ts';
import { labelsText, moveEvaluated, type Outcome, writeOutcome } from './evaluation.ts';
import type {
  DueOptions,
  DueProgress,
  DueReport,
  Pending,
  PendingReason,
  SessionCalendar,
} from './due-report.ts';
import { DAY_MS, indiaDay } from './fields.ts';
import {
  benchmarkReturn,
  type Candle,
  type Exit,
  exitOf,
  horizonName,
  horizons,
  isPrice,
  type MarketSession,
  msOf,
  windowOf,
} from './horizon.ts';
import type { RecommendationViews } from './keys.ts';
import { isOpen, type RecommendationsDatabase } from './table.ts';

export const dueDefaults = Object.freeze({ pageSize: 200, exchange: 'XNSE' });
/** Providers are asked for so many symbols at once. */
const SYMBOLS_AT_ONCE = 4;
const PENDING_SHOWN_MAX = 100;
/** The longest horizon, five sessions, with every holiday that there is around it. */
const LOOKAHEAD_MS = 30 * DAY_MS;

interface Context {
  readonly durable: DurableTier;
  readonly views: Views;
  readonly keys: RecommendationViews;
  readonly clock?: Clock | undefined;
  readonly options: DueOptions & { readonly sessions: SessionCalendar };
}

const dueColumns = [
  'id',
  'symbol',
  'mode',
  'direction',
  'generated_at',
  'entry_price',
  'stop_loss_price',
  'target_price',
  'labels',
] as const;
type DueRow = Awaited<ReturnType<Batch['page']>>[number];

/** What a row needs, or why it is pending. */
interface Watched {
  readonly row: DueRow;
  readonly window: readonly MarketSession[];
}

/**
 * Evaluates what is due, oldest first, page by page, each page in a transaction of its own. What is evaluated is not looked at again,
 * so a batch that was broken off is continued by the next, and two at once do each row once.
 */
export async function evaluateDue(context: Context): Promise<DueReport> {
  const batch = new Batch(context);
  let after: DueRow | undefined;
  for (;;) {
    if (context.options.signal?.aborted === true) return batch.report(false);
    const rows = await batch.page(after);
    if (rows.length === 0) return batch.report(true);
    await batch.evaluate(rows);
    after = rows.at(-1);
  }
}

class Batch {
  readonly #context: Context;
  readonly #now: Date;
  readonly #exchange: string;
  readonly #sessions = new Map<string, readonly MarketSession[]>();
  readonly #pendingRows: Pending[] = [];
  #reviewed = 0;
  #evaluated = 0;
  #pending = 0;
  #notDue = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#now = context.options.now ?? (context.clock ?? systemClock)();
    this.#exchange = context.options.exchange ?? dueDefaults.exchange;
  }

  page(after: { readonly generated_at: string; readonly id: bigint } | undefined) {
    let query = this.#context.durable
      .kysely<RecommendationsDatabase>()
      .selectFrom('ai_recommendations')
      .select(dueColumns)
      .where(isOpen)
      .where('mode', 'in', Object.keys(horizons))
      .where('generated_at', '<', this.#now.toISOString());
    if (after !== undefined) {
      const { generated_at: time, id } = after;
      query = query.where(sql<boolean>`(generated_at, id) > (${time}::timestamptz, ${id}::bigint)`);
    }
    const limit = this.#context.options.pageSize ?? dueDefaults.pageSize;
    return query.orderBy('generated_at').orderBy('id').limit(limit).execute();
  }

  async evaluate(rows: readonly DueRow[]): Promise<void> {
    const watched: Watched[] = [];
    for (const row of rows) {
      const window = windowOf(
        row.mode,
        row.generated_at,
        await this.#sessionsFrom(indiaDay(row.generated_at)),
      );
      if (window === undefined) this.#note(row, 'NO_SESSIONS', null);
      else if (msOf(window.at(-1)!.closesAt) > this.#now.getTime()) this.#notDue += 1;
      else if (isPrice(row.entry_price)) watched.push({ row, window });
      else this.#note(row, 'NO_ENTRY_PRICE', null);
    }
    const outcomes = await this.#outcomes(watched);
    this.#evaluated += await this.#write(outcomes);
    this.#reviewed += rows.length;
    this.#context.options.onProgress?.(this.#progress());
  }

  report(complete: boolean): DueReport {
    return { ...this.#progress(), complete, pendingRows: this.#pendingRows };
  }

  #progress(): DueProgress {
    return {
      reviewed: this.#reviewed,
      evaluated: this.#evaluated,
      pending: this.#pending,
      notDue: this.#notDue,
    };
  }

  #note({ id, symbol, mode }: DueRow, reason: PendingReason, detail: string | null): undefined {
    this.#pending += 1;
    if (this.#pendingRows.length < PENDING_SHOWN_MAX) {
      this.#pendingRows.push({ id: jsonInteger(id), symbol, mode, reason, detail });
    }
    return undefined;
  }

  async #sessionsFrom(day: string): Promise<readonly MarketSession[]> {
    const known = this.#sessions.get(day);
    if (known !== undefined) return known;
    const until = new Date(Date.parse(day) + LOOKAHEAD_MS).toISOString().slice(0, 10);
    const sessions = await this.#context.options.sessions.sessionsBetween(this.#exchange, day, until);
    this.#sessions.set(day, sessions);
    return sessions;
  }

  async #outcomes(watched: readonly Watched[]): Promise<Map<bigint, Outcome>> {
    const outcomes = new Map<bigint, Outcome>();
    const { benchmark } = this.#context.options;
    const against = benchmark === undefined ? undefined : await this.#candlesFor(benchmark, watched);
    const bySymbol = [...grouped(watched)];
    const next = async (): Promise<void> => {
      for (let entry = bySymbol.shift(); entry !== undefined; entry = bySymbol.shift()) {
        const [symbol, group] = entry;
        const candles = await this.#candlesFor(symbol, group);
        for (const one of group) {
          const outcome = this.#outcomeOf(one, candles, against);
          if (outcome !== undefined) outcomes.set(one.row.id, outcome);
        }
      }
    };
    await Promise.all(Array.from({ length: SYMBOLS_AT_ONCE }, next));
    return outcomes;
  }

  /** By day, over all that is watched; what the provider threw makes those rows pending, and the others go on. */
  async #candlesFor(
    symbol: string,
    watched: readonly Watched[],
  ): Promise<ReadonlyMap<string, Candle> | string> {
    if (watched.length === 0) return new Map();
    const days = watched.flatMap(({ window }) => [window[0]!.date, window.at(-1)!.date]).sort();
    try {
      const candles = await this.#context.options.candles(symbol, days[0]!, days.at(-1)!);
      return new Map(candles.map((candle) => [candle.date, candle]));
    } catch (error) {
      return messageOf(error);
    }
  }

  #outcomeOf(
    { row, window }: Watched,
    candles: ReadonlyMap<string, Candle> | string,
    against: ReadonlyMap<string, Candle> | string | undefined,
  ): Outcome | undefined {
    if (typeof candles === 'string') return this.#note(row, 'CANDLES_FAILED', candles);
    if (typeof against === 'string') return this.#note(row, 'CANDLES_FAILED', against);
    const exit = exitOf({ ...row, entry_price: row.entry_price! }, window, candles);
    if ('missing' in exit) return this.#note(row, 'NO_CANDLES', exit.missing);
    const benchmark = against === undefined ? null : benchmarkReturn(window, exit, against);
    if (benchmark === undefined)
      return this.#note(row, 'NO_BENCHMARK_CANDLES', this.#context.options.benchmark ?? null);
    return this.#toOutcome(row, window, exit, benchmark);
  }

  #toOutcome(row: DueRow, window: readonly MarketSession[], exit: Exit, benchmark: number | null): Outcome {
    const { exit_price, exit_time, exit_reason, pnl_pct, mfe_pct, mae_pct, session, sessions, ignored } =
      exit;
    const labels = {
      ...(isObject(row.labels) ? row.labels : {}),
      horizon: horizonName(row.mode),
      mfe_pct,
      mae_pct,
      sessions,
      first_session: window[0]!.date,
      exit_session: session.date,
      hit_target: exit_reason === 'TARGET',
      hit_stop: exit_reason === 'STOP',
      ...(benchmark === null
        ? {}
        : { benchmark: this.#context.options.benchmark, benchmark_ret_pct: benchmark }),
      ...(ignored.length === 0 ? {} : { ignored }),
    };
    return {
      evaluated_at: this.#now.toISOString(),
      exit_price,
      exit_time,
      exit_reason,
      pnl_pct,
      max_drawdown_pct: mae_pct,
      alpha_vs_benchmark: benchmark === null ? null : pnl_pct - benchmark,
      labels: labelsText(labels),
    };
  }

  /** @returns how many rows were written; the others somebody else evaluated, or is about to */
  #write(outcomes: ReadonlyMap<bigint, Outcome>): Promise<number> {
    if (outcomes.size === 0) return Promise.resolve(0);
    const { durable, views, keys } = this.#context;
    return transact(durable, views, async (session, changes) => {
      const open = await session
        .kysely<RecommendationsDatabase>()
        .selectFrom('ai_recommendations')
        .select('id')
        .where('id', 'in', [...outcomes.keys()])
        .where('evaluated', '=', false)
        .orderBy('id')
        .forUpdate()
        .skipLocked()
        .execute();
      for (const { id } of open) await writeOutcome(session, id, outcomes.get(id)!);
      moveEvaluated(
        changes,
        keys,
        open.map(({ id }) => id),
      );
      return open.length;
    });
  }
}

function grouped(watched: readonly Watched[]): Map<string, Watched[]> {
  const groups = new Map<string, Watched[]>();
  for (const one of watched) {
    const group = groups.get(one.row.symbol);
    if (group === undefined) groups.set(one.row.symbol, [one]);
    else group.push(one);
  }
  return groups;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
