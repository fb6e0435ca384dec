import { jsonInteger } from '../../core/json-number.ts';
import { keyPart, partOf, type ProjectionContent, type Ranked } from '../../tiers/hot/index.ts';
import { batched, type BoundView, type Source, type View, type Views } from '../../tiers/views/index.ts';
import { columns, present, type Row } from './rows.ts';
import type { Recommendation } from './schema.ts';
import { isOpen, type RecommendationsDatabase } from './table.ts';

const store = 'recommendations';
const LIFE_MS = 7 * 86_400_000;
/** The newest of a symbol and mode. */
export const SYMBOL_MAX = 1_000;
export const UNEVALUATED_MAX = 100_000;
/** The newest of a run: new ones have 50 at most, but an old run id may repeat. */
const RUN_MAX = 10_000;
/** Rows that `hot rebuild` looks at. */
const RECENT_MAX = 1_000;
/** The one id of the one key. */
export const OPEN = 'open';

export interface SymbolMode {
  readonly symbol: string;
  readonly mode: string;
}

export interface RecommendationViews {
  readonly one: BoundView<bigint>;
  readonly symbol: BoundView<SymbolMode>;
  readonly unevaluated: BoundView<typeof OPEN>;
  readonly run: BoundView<string>;
}

export function addViews(views: Views): RecommendationViews {
  return {
    one: views.add(one),
    symbol: views.add(symbol),
    unevaluated: views.add(unevaluated),
    run: views.add(run),
  };
}

/** A member of the sorted sets: by the millisecond. */
export function ranked(row: {
  readonly id: bigint | number | string;
  readonly generated_at: string;
}): Ranked {
  return { id: String(row.id), score: Date.parse(row.generated_at) };
}

const tableOf = (source: Source) => source.kysely<RecommendationsDatabase>().selectFrom('ai_recommendations');

const recentOf = (source: Source) =>
  tableOf(source).orderBy('generated_at', 'desc').orderBy('id', 'desc').limit(RECENT_MAX);

/** A run has many rows, and each has its key. */
const rowOf = batched(async (source, ids: readonly string[]) => {
  const rows = await tableOf(source).select(columns).where('id', 'in', ids.map(BigInt)).execute();
  return new Map(rows.map((row) => [String(row.id), row]));
});

const one: View<bigint> = {
  store,
  pattern: 'rec:{id}',
  lifeMs: LIFE_MS,
  key: (id) => `rec:${id}`,
  idOf(key) {
    const id = /^rec:(\d{1,19})$/.exec(key)?.[1];
    return id === undefined ? undefined : BigInt(id);
  },
  async build(source, id) {
    const row = await rowOf(source, String(id));
    return row === undefined ? undefined : { content: contentOf(row) };
  },
  async recent(source) {
    return (await recentOf(source).select('id').execute()).map(({ id }) => id);
  },
};

const symbol: View<SymbolMode> = {
  store,
  pattern: 'rec:symbol:{symbol}:{mode}',
  lifeMs: LIFE_MS,
  key: ({ symbol: name, mode }) => `rec:symbol:${keyPart(name)}:${keyPart(mode)}`,
  idOf(key) {
    const parts = /^rec:symbol:([^:]*):([^:]*)$/.exec(key);
    return parts === null ? undefined : { symbol: partOf(parts[1]!), mode: partOf(parts[2]!) };
  },
  async build(source, { symbol: name, mode }) {
    const rows = await tableOf(source)
      .select(['id', 'generated_at'])
      .where('symbol', '=', name)
      .where('mode', '=', mode)
      .orderBy('generated_at', 'desc')
      .orderBy('id', 'desc')
      .limit(SYMBOL_MAX)
      .execute();
    return rows.length === 0 ? undefined : { content: { kind: 'ranking', members: rows.map(ranked) } };
  },
  async recent(source) {
    const rows = await recentOf(source).select(['symbol', 'mode']).execute();
    return [...new Map(rows.map((row) => [JSON.stringify([row.symbol, row.mode]), row])).values()];
  },
};

const unevaluated: View<typeof OPEN> = {
  store,
  pattern: 'rec:unevaluated',
  key: () => 'rec:unevaluated',
  idOf: (key) => (key === 'rec:unevaluated' ? OPEN : undefined),
  async build(source) {
    const rows = await tableOf(source)
      .select(['id', 'generated_at'])
      .where(isOpen)
      .orderBy('generated_at', 'desc')
      .orderBy('id', 'desc')
      .limit(UNEVALUATED_MAX)
      .execute();
    return rows.length === 0 ? undefined : { content: { kind: 'ranking', members: rows.map(ranked) } };
  },
  recent: () => Promise.resolve([OPEN]),
};

const run: View<string> = {
  store,
  pattern: 'rec:run:{run_id}',
  lifeMs: LIFE_MS,
  key: (id) => `rec:run:${keyPart(id)}`,
  idOf(key) {
    const id = /^rec:run:([^:]*)$/.exec(key)?.[1];
    return id === undefined ? undefined : partOf(id);
  },
  async build(source, id) {
    const rows = await tableOf(source)
      .select('id')
      .where('run_id', '=', id)
      .orderBy('id', 'desc')
      .limit(RUN_MAX)
      .execute();
    const members = rows.map((row) => String(row.id));
    return members.length === 0 ? undefined : { content: { kind: 'set', members } };
  },
  async recent(source) {
    const rows = await recentOf(source).select('run_id').where('run_id', 'is not', null).execute();
    return [...new Set(rows.map((row) => row.run_id!))];
  },
};

type Name = keyof Recommendation;

/** How a field reads as text; what is not named here is text itself. */
const kinds: { readonly [N in Name]?: 'integer' | 'double' | 'flag' | 'json' } = {
  id: 'integer',
  rank_in_run: 'integer',
  legacy_id: 'integer',
  entry_price: 'double',
  stop_loss_price: 'double',
  target_price: 'double',
  score_blend: 'double',
  exit_price: 'double',
  pnl_pct: 'double',
  max_drawdown_pct: 'double',
  alpha_vs_benchmark: 'double',
  evaluated: 'flag',
  features: 'json',
  labels: 'json',
};

/** A field that is null is absent. */
export function contentOf(row: Row): ProjectionContent {
  const item = present(row);
  const fields: Record<string, string> = {};
  for (const name of columns) {
    const value = item[name];
    if (value === null || value === undefined) continue;
    fields[name] = typeof value === 'string' && kinds[name] !== 'json' ? value : JSON.stringify(value);
  }
  return { kind: 'hash', fields };
}

export function recommendationOf(fields: Readonly<Record<string, string>>): Recommendation {
  const members = columns.map((name) => [name, valueOf(name, fields[name])]);
  return Object.fromEntries(members) as Recommendation;
}

function valueOf(name: Name, text: string | undefined): unknown {
  if (text === undefined) return null;
  switch (kinds[name]) {
    case 'integer':
      return jsonInteger(text);
    case 'double':
      return Number(text);
    case 'flag':
      return text === 'true';
    case 'json':
      return JSON.parse(text) as unknown;
    case undefined:
    default:
      return text;
  }
}
