import { type Clock, systemClock } from '../../core/clock.ts';
import { codeOf, StockroomError } from '../../core/errors.ts';
import type { Calendar, Exchange } from '../../market/index.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import type { BoundView, Views } from '../../tiers/views/index.ts';
import { type Computation, type Computed, computeLevels, type DailyCandles } from './compute.ts';
import { scoreOf } from './formulas.ts';
import { levelsView, rowOf } from './keys.ts';
import { isStale } from './periods.ts';
import { type LevelsId, type LevelsRow, newestRow, writeRow } from './rows.ts';
import {
  type Levels,
  type LevelsInput,
  type LevelsQuery,
  type PriceScore,
  putBody,
  symbolInput,
} from './schema.ts';

export interface SupportResistanceOptions {
  /** With an up-to-date schema. */
  readonly durable: DurableTier;
  readonly hot: HotTier;
  readonly views: Views;
  readonly clock?: Clock;
  readonly calendar: Pick<Calendar, 'isOpen' | 'next' | 'previous' | 'addSessions'>;
  readonly candles: DailyCandles;
  /** Whose sessions count for a symbol; XNSE by default. */
  readonly exchangeOf?: (symbol: string) => Exchange;
}

/** Support and resistance levels out of price history: see README.md. */
export interface SupportResistance {
  /**
   * The newest levels when they are of the present India day, ISO week, month or year; else new ones, computed and kept. When computing
   * fails the newest are given, marked as stale.
   * @throws StockroomError NOT_FOUND when there are none and no candle to compute them of; UNAVAILABLE, or what the price history throws,
   *   when there are none and it cannot be read
   */
  get(query: LevelsQuery): Promise<Levels>;
  /**
   * Keeps levels that a caller computed. They count when they are the newest.
   * @returns those that count now
   * @throws StockroomError INVALID_INPUT for a time of the future
   */
  put(levels: LevelsInput): Promise<Levels>;
  /** A price against its levels: 10 (at the third resistance) to 95 (below the second support); 50 when there are none. */
  score(query: LevelsQuery & { readonly price: number }): Promise<PriceScore>;
}

/** Clocks differ a little. */
const AHEAD_MS = 5 * 60_000;

export function createSupportResistance(options: SupportResistanceOptions): SupportResistance {
  return new LevelsStore(options);
}

class LevelsStore implements SupportResistance {
  readonly #durable: DurableTier;
  readonly #views: Views;
  readonly #clock: Clock;
  readonly #computation: Computation;
  readonly #view: BoundView<LevelsId>;
  /** What is being computed, by key. */
  readonly #flights = new Map<string, Promise<LevelsRow>>();

  constructor(options: SupportResistanceOptions) {
    const { clock = systemClock, calendar, candles, exchangeOf = () => 'XNSE' as const } = options;
    this.#durable = options.durable;
    this.#views = options.views;
    this.#clock = clock;
    this.#computation = { candles, calendar, exchangeOf };
    this.#view = options.views.add(levelsView({ clock, calendar, exchangeOf }));
  }

  async get(query: LevelsQuery): Promise<Levels> {
    const id = idOf(query);
    return query.as_of === undefined ? this.#now(id) : this.#asOf(id, query.as_of);
  }

  async put(given: LevelsInput): Promise<Levels> {
    const id = idOf(given);
    const { symbol: _symbol, scope: _scope, method: _method, ...figures } = given;
    const parsed = putBody.safeParse(figures);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new StockroomError(
        'INVALID_INPUT',
        `${issue?.path.join('.') ?? ''}: expected ${issue?.message ?? ''}`,
      );
    }
    const now = this.#clock();
    const {
      computed_at: at = now.toISOString(),
      r4 = null,
      s4 = null,
      sessions = null,
      last_session: last = null,
    } = parsed.data;
    if (Date.parse(at) > now.getTime() + AHEAD_MS) {
      throw new StockroomError(
        'INVALID_INPUT',
        `computed_at: expected a time that is not in the future, found ${at}`,
      );
    }
    await this.#write(id, {
      ...parsed.data,
      r4,
      s4,
      sessions,
      last_session: last,
      ...namesOf(id),
      computed_at: at,
    });
    const row = await newestRow(this.#durable, id);
    return present(row!, isStale(id.scope, Date.parse(row!.computed_at), now.getTime()));
  }

  async score({ price, ...query }: LevelsQuery & { readonly price: number }): Promise<PriceScore> {
    const id = idOf(query);
    const levels = await this.#found(query);
    return { ...namesOf(id), price, score: scoreOf(price, levels), levels: levels ?? null };
  }

  async #found(query: LevelsQuery): Promise<Levels | undefined> {
    try {
      return await this.get(query);
    } catch (error) {
      if (codeOf(error) === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  async #now(id: LevelsId): Promise<Levels> {
    const held = rowOf(id, await this.#view.read(id));
    if (held !== undefined && !isStale(id.scope, Date.parse(held.computed_at), this.#clock().getTime())) {
      return present(held, false);
    }
    try {
      return present(await this.#computed(id), false);
    } catch (error) {
      return this.#stale(error, await newestRow(this.#durable, id));
    }
  }

  /** As somebody would have been answered then. What is computed for the past is not kept: nobody had it then. */
  async #asOf(id: LevelsId, asOf: string): Promise<Levels> {
    const atMs = Date.parse(asOf);
    const row = await newestRow(this.#durable, id, asOf);
    if (row !== undefined && !isStale(id.scope, Date.parse(row.computed_at), atMs))
      return present(row, false);
    try {
      const computed = await computeLevels(this.#computation, { ...id, at: new Date(atMs) });
      return present(rowFrom(id, computed, asOf), false);
    } catch (error) {
      return this.#stale(error, row);
    }
  }

  /** One computation at a time for all who ask. */
  #computed(id: LevelsId): Promise<LevelsRow> {
    const key = this.#view.fullKey(id);
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = this.#compute(id).finally(() => this.#flights.delete(key));
      this.#flights.set(key, flight);
    }
    return flight;
  }

  async #compute(id: LevelsId): Promise<LevelsRow> {
    const at = this.#clock();
    // Somebody, perhaps in another process, may have been done since this caller looked.
    const known = await newestRow(this.#durable, id);
    if (known !== undefined && !isStale(id.scope, Date.parse(known.computed_at), at.getTime())) return known;
    const row = rowFrom(id, await computeLevels(this.#computation, { ...id, at }), at.toISOString());
    await this.#write(id, row);
    return row;
  }

  async #write(id: LevelsId, row: LevelsRow): Promise<void> {
    const changes = this.#views.changes();
    changes.refresh(this.#view, id);
    await this.#durable.transaction(async (session) => {
      await writeRow(session, row);
      changes.note(session);
    });
    await changes.apply();
  }

  /** @throws what made computing fail when there is nothing else to give */
  #stale(error: unknown, row: LevelsRow | undefined): Levels {
    if (row === undefined || !(error instanceof StockroomError)) throw error;
    return { ...present(row, true), stale_reason: error.code };
  }
}

/** @throws StockroomError INVALID_INPUT */
function idOf({ symbol, scope, method = 'floor' }: Omit<LevelsQuery, 'as_of'>): LevelsId {
  const parsed = symbolInput.safeParse(symbol);
  if (parsed.success) return { symbol: parsed.data, scope, method };
  const expected = parsed.error.issues[0]?.message ?? 'a symbol';
  throw new StockroomError('INVALID_INPUT', `symbol: expected ${expected}, found ${JSON.stringify(symbol)}`);
}

function namesOf({ symbol, scope, method }: LevelsId) {
  return { symbol, timeframe_scope: scope, method };
}

function rowFrom(id: LevelsId, computed: Computed, at: string): LevelsRow {
  const { r4 = null, s4 = null }: { r4?: number | null; s4?: number | null } = computed;
  return { ...computed, ...namesOf(id), r4, s4, computed_at: inMicroseconds(at) };
}

/** With six decimals, as PostgreSQL gives it. */
function inMicroseconds(at: string): string {
  return at.replace(/\.(\d{3})Z$/, '.$1000Z');
}

/** In one order, wherever the row comes from. */
function present(row: LevelsRow, stale: boolean): Levels {
  return {
    symbol: row.symbol,
    timeframe_scope: row.timeframe_scope,
    method: row.method,
    p: row.p,
    r1: row.r1,
    r2: row.r2,
    r3: row.r3,
    s1: row.s1,
    s2: row.s2,
    s3: row.s3,
    r4: row.r4,
    s4: row.s4,
    computed_at: row.computed_at,
    sessions: row.sessions,
    last_session: row.last_session,
    stale,
    stale_reason: null,
  };
}
