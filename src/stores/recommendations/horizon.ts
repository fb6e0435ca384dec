/**
 * How a recommendation ended, from daily candles alone: by its stop, its target, or the close of its horizon. A day says how far the
 * price went and not in which order, so that every doubt is decided against the recommendation. README.md has the rules.
 */
import { returnPct } from './returns.ts';

export interface Candle {
  /** The session's day, YYYY-MM-DD. */
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | null;
}

/** A point in time in any of the forms that calendars have. */
export type Instant = Date | string | number;

export interface MarketSession {
  readonly date: string;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
}

export type ExitReason = 'STOP' | 'TARGET' | 'HORIZON';

export interface Position {
  readonly direction: string;
  readonly entry_price: number;
  readonly stop_loss_price: number | null;
  readonly target_price: number | null;
  readonly generated_at: string;
}

export interface Exit {
  readonly exit_price: number;
  readonly exit_time: string;
  readonly exit_reason: ExitReason;
  readonly pnl_pct: number;
  /** The best and the worst return on the way, in %: at least 0, and at most 0. */
  readonly mfe_pct: number;
  readonly mae_pct: number;
  readonly session: MarketSession;
  /** At the open of the session, or some time in it. */
  readonly atOpen: boolean;
  /** How many sessions it took. */
  readonly sessions: number;
  /** A stop or a target on the wrong side of the entry price is none. */
  readonly ignored: readonly ('stop' | 'target')[];
}

export interface Missing {
  readonly missing: string;
}

/** Sessions until the horizon is over, by mode. Scalping ends by its exit alone. */
export const horizons: Readonly<Record<string, number>> = { Intraday: 1, Swing: 5, Options: 3, Futures: 3 };

export const horizonName = (mode: string): string => (mode === 'Intraday' ? 'EOD' : `${horizons[mode]}D`);

/**
 * The sessions in which it is watched. Intraday: the one in which it was generated, or the next when the market was closed. Else the
 * next whole ones: of the session in which it was generated nobody can tell from its candle what came after.
 *
 * @param sessions in order, from the day of the recommendation on
 * @returns undefined when the calendar does not reach that far
 */
export function windowOf(
  mode: string,
  generatedAt: string,
  sessions: readonly MarketSession[],
): readonly MarketSession[] | undefined {
  const generated = Date.parse(generatedAt);
  const count = horizons[mode]!;
  const first =
    mode === 'Intraday'
      ? sessions.findIndex(({ closesAt }) => msOf(closesAt) > generated)
      : sessions.findIndex(({ opensAt }) => msOf(opensAt) >= generated);
  const window = first === -1 ? [] : sessions.slice(first, first + count);
  return window.length === count ? window : undefined;
}

export function exitOf(
  position: Position,
  window: readonly MarketSession[],
  candles: ReadonlyMap<string, Candle>,
): Exit | Missing {
  const walk = new Walk(position);
  for (const session of window) {
    const candle = candles.get(session.date);
    if (candle === undefined || !isWhole(candle)) return { missing: session.date };
    const exit = walk.through(session, candle);
    if (exit !== undefined) return exit;
  }
  const last = window.at(-1)!;
  return walk.leave('HORIZON', candles.get(last.date)!.close, last, false);
}

/** The return of the benchmark in % from the open of the first session to the exit; undefined: a candle is not there. */
export function benchmarkReturn(
  window: readonly MarketSession[],
  { session, atOpen }: Exit,
  candles: ReadonlyMap<string, Candle>,
): number | undefined {
  const first = candles.get(window[0]!.date);
  const last = candles.get(session.date);
  if (first === undefined || last === undefined || !isWhole(first) || !isWhole(last)) return undefined;
  return returnPct('LONG', first.open, atOpen ? last.open : last.close) ?? undefined;
}

export function msOf(instant: Instant): number {
  return typeof instant === 'number' ? instant : new Date(instant).getTime();
}

/** A candle with a hole in it says nothing. */
function isWhole({ open, high, low, close }: Candle): boolean {
  return [open, high, low, close].every((price) => Number.isFinite(price) && price > 0);
}

/** A position on its way through the sessions. Levels are compared in the direction in which it wins. */
class Walk {
  readonly #position: Position;
  readonly #stop: number | undefined;
  readonly #target: number | undefined;
  readonly #ignored: ('stop' | 'target')[] = [];
  #best = 0;
  #worst = 0;
  #sessions = 0;

  constructor(position: Position) {
    this.#position = position;
    const { entry_price: entry, stop_loss_price: stop, target_price: target } = position;
    if (isPrice(stop)) {
      if (this.#ahead(stop, entry) < 0) this.#stop = stop;
      else this.#ignored.push('stop');
    }
    if (isPrice(target)) {
      if (this.#ahead(target, entry) > 0) this.#target = target;
      else this.#ignored.push('target');
    }
  }

  through(session: MarketSession, { open, high, low }: Candle): Exit | undefined {
    this.#sessions += 1;
    const [adverse, favourable] = this.#isShort ? [high, low] : [low, high];
    // An open before the recommendation is not its first price.
    if (msOf(session.opensAt) >= Date.parse(this.#position.generated_at)) {
      this.#see(open);
      if (this.#stops(open)) return this.leave('STOP', open, session, true);
      if (this.#reaches(open)) return this.leave('TARGET', open, session, true);
    }
    if (this.#stops(adverse)) return this.leave('STOP', this.#stop!, session, false);
    // What came before the target and what after it, nobody knows: the worst of the day counts.
    this.#see(adverse);
    if (this.#reaches(favourable)) return this.leave('TARGET', this.#target!, session, false);
    this.#see(favourable);
    return undefined;
  }

  leave(reason: ExitReason, price: number, session: MarketSession, atOpen: boolean): Exit {
    this.#see(price);
    return {
      exit_price: price,
      // When in the session the level was touched is not known: by its close it was.
      exit_time: new Date(msOf(atOpen ? session.opensAt : session.closesAt)).toISOString(),
      exit_reason: reason,
      pnl_pct: this.#returnAt(price),
      mfe_pct: this.#best,
      mae_pct: this.#worst,
      session,
      atOpen,
      sessions: this.#sessions,
      ignored: this.#ignored,
    };
  }

  get #isShort(): boolean {
    return this.#position.direction === 'SHORT';
  }

  /** Above 0: the first price is the better one for this position. */
  #ahead(price: number, than: number): number {
    return this.#isShort ? than - price : price - than;
  }

  #stops(price: number): boolean {
    return this.#stop !== undefined && this.#ahead(price, this.#stop) <= 0;
  }

  #reaches(price: number): boolean {
    return this.#target !== undefined && this.#ahead(price, this.#target) >= 0;
  }

  #returnAt(price: number): number {
    return returnPct(this.#position.direction, this.#position.entry_price, price)!;
  }

  #see(price: number): void {
    const change = this.#returnAt(price);
    this.#best = Math.max(this.#best, change);
    this.#worst = Math.min(this.#worst, change);
  }
}

export function isPrice(price: number | null): price is number {
  return price !== null && Number.isFinite(price) && price > 0;
}
