import { type Clock, systemClock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import { jsonDouble } from '../../core/json-number.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import type { BoundView, Views } from '../../tiers/views/index.ts';
import { prepareScores } from './drafts.ts';
import { scoreView, storedOf, timestampView } from './keys.ts';
import { Refresher, type RefreshOptions, type RefreshReport, type Scorer } from './refresh.ts';
import { deleteScores, newestScore, rankScores, readScores, type StoredScore, writeScores } from './rows.ts';
import {
  type ClearAnswer,
  type PutAnswer,
  type RankedScore,
  type ScoreInput,
  type ScoreItem,
  symbolInput,
  TOP_DEFAULT,
  type TopPage,
  type TopQuery,
} from './schema.ts';

export interface ScoresOptions {
  /** With an up-to-date schema. */
  readonly durable: DurableTier;
  readonly hot: HotTier;
  readonly views: Views;
  readonly clock?: Clock;
}

export interface PutScoresOptions {
  /** The time of scores that have none of their own, in ISO 8601; now by default. */
  readonly timestamp?: string | undefined;
  /** How long they live: more than 0 and at most 6 hours; 6 by default. */
  readonly ttl_hours?: number | undefined;
}

/** One score a symbol, the same for every universe and every instance, for six hours from its own time: see README.md. */
export interface Scores {
  /**
   * Stores scores, all or none. A newer one of a symbol that is there stays.
   * @throws StockroomError INVALID_INPUT naming the score and its member
   */
  put(scores: readonly ScoreInput[], options?: PutScoresOptions): Promise<PutAnswer>;
  /** @throws StockroomError NOT_FOUND when there is none, or its time is over */
  get(symbol: string, query?: { as_of?: string | undefined }): Promise<ScoreItem>;
  /** Those that live, in the order of the symbols. */
  getMany(symbols: readonly string[]): Promise<ScoreItem[]>;
  /**
   * The best by score, those of equal score by symbol. A score without a number is in no ranking.
   * @param query `symbols`: a universe, all by default; `n`: 10 by default
   */
  top(query?: TopQuery): Promise<TopPage>;
  /** When the newest score that lives was made, in ISO 8601. */
  newestAt(): Promise<string | undefined>;
  /** @returns how many were removed whose time was not over */
  remove(symbols: readonly string[]): Promise<ClearAnswer>;
  /** All of them. */
  clear(): Promise<ClearAnswer>;
  /**
   * Scores what is missing, over, or older than `maxAgeMs`: each symbol once, whoever else asks for it meanwhile, here or in another
   * process. A symbol that fails is reported, and the others go on.
   * @throws the reason of `signal` when it is aborted; what was scored until then is stored
   */
  refresh(symbols: readonly string[], scorer: Scorer, options?: RefreshOptions): Promise<RefreshReport>;
}

/** Clocks differ a little. What is from further ahead is no time of a score. */
const AHEAD_MS = 5 * 60_000;

export function createScores(options: ScoresOptions): Scores {
  return new ScoreStore(options);
}

class ScoreStore implements Scores {
  readonly #durable: DurableTier;
  readonly #views: Views;
  readonly #clock: Clock;
  readonly #byScore: BoundView<string>;
  readonly #newest: BoundView<'newest'>;
  readonly #refresher: Refresher;

  constructor({ durable, hot, views, clock = systemClock }: ScoresOptions) {
    this.#durable = durable;
    this.#views = views;
    this.#clock = clock;
    this.#byScore = views.add(scoreView(clock));
    this.#newest = views.add(timestampView(clock));
    this.#refresher = new Refresher({
      hot,
      clock,
      find: (symbol) => this.#find(symbol),
      store: async (score) => {
        await this.put([score]);
      },
    });
  }

  async put(scores: readonly ScoreInput[], options: PutScoresOptions = {}): Promise<PutAnswer> {
    const nowMs = this.#clock().getTime();
    const rows = prepareScores(scores, { ...options, nowMs, aheadMs: AHEAD_MS });
    const changes = this.#views.changes();
    const written = await this.#durable.transaction(async (session) => {
      const symbols = await writeScores(session, rows, new Date(nowMs + AHEAD_MS).toISOString());
      for (const symbol of symbols) changes.refresh(this.#byScore, symbol);
      if (symbols.size > 0) changes.refresh(this.#newest, 'newest');
      changes.note(session);
      return symbols;
    });
    await changes.apply();
    const isStored = ({ symbol }: { symbol: string }): boolean => written.has(symbol);
    return {
      stored: written.size,
      older: rows.filter((row) => !isStored(row)).map(({ symbol }) => symbol),
      expired: rows
        .filter((row) => isStored(row) && Date.parse(row.expiresAt) <= nowMs)
        .map(({ symbol }) => symbol),
    };
  }

  async get(symbol: string, { as_of }: { as_of?: string | undefined } = {}): Promise<ScoreItem> {
    const name = nameOf(symbol);
    const found = as_of === undefined ? await this.#find(name) : await this.#findAt(name, as_of);
    if (found !== undefined) return found;
    const when = as_of === undefined ? '' : ` at ${as_of}`;
    throw new StockroomError('NOT_FOUND', `There is no score of ${name}${when}, or its time is over`);
  }

  async getMany(symbols: readonly string[]): Promise<ScoreItem[]> {
    const names = [...new Set(symbols.map(nameOf))];
    const found = await Promise.all(names.map((name) => this.#find(name)));
    return found.filter((item) => item !== undefined);
  }

  async top({
    symbols,
    n = TOP_DEFAULT,
    min_confidence,
    actionable,
    as_of,
  }: TopQuery = {}): Promise<TopPage> {
    const rows = await rankScores(this.#durable, {
      symbols: symbols?.map(nameOf),
      n,
      minConfidence: min_confidence,
      actionable,
      now: as_of ?? this.#now(),
      madeBy: as_of,
    });
    const items = rows.map(
      (row, index): RankedScore => ({ ...present(row), rank: index + 1, global_rank: row.global_rank }),
    );
    return { items, next_cursor: null };
  }

  async newestAt(): Promise<string | undefined> {
    return (await newestScore(this.#durable, this.#now()))?.created_at;
  }

  remove(symbols: readonly string[]): Promise<ClearAnswer> {
    return this.#remove(symbols.map(nameOf));
  }

  clear(): Promise<ClearAnswer> {
    return this.#remove(undefined);
  }

  async refresh(
    symbols: readonly string[],
    scorer: Scorer,
    options: RefreshOptions = {},
  ): Promise<RefreshReport> {
    return this.#refresher.refresh(symbols.map(nameOf), scorer, options);
  }

  #now(): string {
    return this.#clock().toISOString();
  }

  async #find(symbol: string): Promise<ScoreItem | undefined> {
    const row = storedOf(symbol, await this.#byScore.read(symbol));
    if (row === undefined) return undefined;
    // Redis may hold it a moment longer than it lives.
    const isOver = row.expires_at !== null && Date.parse(row.expires_at) <= this.#clock().getTime();
    return isOver ? undefined : present(row);
  }

  async #findAt(symbol: string, asOf: string): Promise<ScoreItem | undefined> {
    const [row] = await readScores(this.#durable, [symbol], asOf, asOf);
    return row && present(row);
  }

  async #remove(symbols: readonly string[] | undefined): Promise<ClearAnswer> {
    const changes = this.#views.changes();
    const removed = await this.#durable.transaction(async (session) => {
      const rows = await deleteScores(session, symbols, this.#now());
      for (const { key } of rows) changes.refresh(this.#byScore, key);
      if (rows.length > 0) changes.refresh(this.#newest, 'newest');
      changes.note(session);
      return rows;
    });
    await changes.apply();
    return { removed: removed.filter(({ live }) => live).length };
  }
}

/** @throws StockroomError INVALID_INPUT */
function nameOf(symbol: string): string {
  const parsed = symbolInput.safeParse(symbol);
  if (parsed.success) return parsed.data;
  const expected = parsed.error.issues[0]?.message ?? 'a symbol';
  throw new StockroomError('INVALID_INPUT', `symbol: expected ${expected}, found ${JSON.stringify(symbol)}`);
}

/** What the engine gave; what the store knows better stands above it. */
function present(row: StoredScore): ScoreItem {
  const document: Record<string, unknown> =
    typeof row.value === 'object' && row.value !== null && !Array.isArray(row.value)
      ? { ...row.value }
      : { document: row.value };
  return {
    confidence: null,
    recommendation: null,
    is_actionable: null,
    agents: [],
    analyzed_at: row.created_at,
    ...document,
    symbol: row.key,
    blend_score: jsonDouble(row.blend_score),
    timestamp: row.created_at,
    expires_at: row.expires_at,
  };
}
