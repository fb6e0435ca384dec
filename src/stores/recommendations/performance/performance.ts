import { sql } from 'kysely';
import { StockroomError } from '../../../core/errors.ts';
import { titleCase } from '../../../core/inputs.ts';
import { type DurableTier, onAnalytics } from '../../../tiers/durable/index.ts';
import { dailySeries, figuresOf, groupBy, type Trade } from './figures.ts';
import type { Grouping, Performance, PerformanceQuery } from './schema.ts';

const PAGE = 20_000;
/** Some 200 bytes each are held in memory. */
const ROWS_MAX = 1_000_000;
const GROUPS_MAX = 1_000;

interface Row {
  id: bigint;
  generated_at: string;
  direction: string;
  day: string;
  pnl_pct: number;
  score: number | null;
  confidence: string | null;
  alpha: number | null;
  mfe: number | null;
  mae: number | null;
  key: string | null;
  /** The score that each agent gave: only when grouped by agent. */
  agents: Record<string, unknown> | null;
}

interface Keyed extends Trade {
  readonly key: string | null;
  readonly agents: Record<string, unknown> | null;
}

/**
 * How the evaluated recommendations did. Read from the replica where there is one.
 * @throws StockroomError INVALID_INPUT for more than 1,000,000 recommendations
 */
export async function performanceOf(durable: DurableTier, query: PerformanceQuery): Promise<Performance> {
  const { answer: trades, ageSeconds } = await onAnalytics(durable, (source) => tradesOf(source, query));
  let equity = 1;
  return {
    as_of: query.as_of ?? null,
    data_age_seconds: ageSeconds,
    group_by: query.group_by ?? null,
    overall: figuresOf(trades),
    equity_curve: dailySeries(trades).map(({ day, returnPct, n }) => {
      equity *= 1 + returnPct / 100;
      return { day, return_pct: returnPct, equity, n };
    }),
    groups: query.group_by === undefined ? [] : grouped(trades, query.group_by),
  };
}

async function tradesOf(source: DurableTier, query: PerformanceQuery): Promise<Keyed[]> {
  const trades: Keyed[] = [];
  let after: Row | undefined;
  for (;;) {
    const rows = await page(source, query, after);
    for (const row of rows) trades.push(tradeOf(row));
    if (rows.length < PAGE) return trades;
    after = rows.at(-1);
    if (trades.length >= ROWS_MAX) throw tooMany();
  }
}

const periods: ReadonlySet<Grouping> = new Set(['day', 'week', 'month']);

function grouped(trades: readonly Keyed[], grouping: Grouping): Performance['groups'] {
  const groups =
    grouping === 'agent' ? byAgent(trades) : groupBy(trades, ({ key }) => (key === null ? '' : `=${key}`));
  const inTime = periods.has(grouping);
  return [...groups]
    .sort(([a, one], [b, other]) => (inTime ? 0 : other.length - one.length) || (a < b ? -1 : 1))
    .slice(inTime ? -GROUPS_MAX : 0, inTime ? undefined : GROUPS_MAX)
    .map(([key, ofGroup]) => ({ key: key === '' ? null : key.slice(1), ...figuresOf(ofGroup) }));
}

/** The calls that each agent sided with, judged by the agent's own score: 50 is neither side. */
function byAgent(trades: readonly Keyed[]): Map<string, Trade[]> {
  const groups = new Map<string, Trade[]>();
  for (const trade of trades) {
    for (const [agent, score] of Object.entries(trade.agents ?? {})) {
      if (typeof score !== 'number' || (trade.long ? score <= 50 : score >= 50)) continue;
      const own = { ...trade, score: inRange(score) };
      const group = groups.get(`=${agent}`);
      if (group === undefined) groups.set(`=${agent}`, [own]);
      else group.push(own);
    }
  }
  return groups;
}

/** What ended when the exit was; without its time, when it was evaluated. */
const day = sql`(coalesce(exit_time, evaluated_at, generated_at) at time zone 'Asia/Kolkata')::date`;

const keys: Readonly<Record<Grouping, ReturnType<typeof sql>>> = {
  mode: sql`mode`,
  symbol: sql`symbol`,
  universe: sql`universe`,
  source: sql`source`,
  confidence: sql`lower(confidence)`,
  policy_version: sql`policy_version`,
  agent: sql`null::text`,
  day: sql`to_char(${day}, 'YYYY-MM-DD')`,
  week: sql`to_char(${day}, 'IYYY-"W"IW')`,
  month: sql`to_char(${day}, 'YYYY-MM')`,
};

/** In the order of time: what is before a range, or behind it, is not looked at. */
async function page(durable: DurableTier, query: PerformanceQuery, after: Row | undefined): Promise<Row[]> {
  const { group_by, symbol, mode, universe, source, from, to, as_of } = query;
  const conditions = [sql`evaluated`, sql`pnl_pct > '-Infinity' and pnl_pct < 'Infinity'`];
  if (after !== undefined) {
    conditions.push(sql`(generated_at, id) > (${after.generated_at}::timestamptz, ${after.id}::bigint)`);
  }
  if (symbol !== undefined) conditions.push(anyOf('symbol', symbol, symbol.toUpperCase()));
  if (mode !== undefined) conditions.push(anyOf('mode', mode, titleCase(mode)));
  if (universe !== undefined) conditions.push(anyOf('universe', universe, universe.toUpperCase()));
  if (source !== undefined) conditions.push(sql`source = ${source}`);
  if (from !== undefined) conditions.push(sql`generated_at >= ${from}::timestamptz`);
  if (to !== undefined) conditions.push(sql`generated_at < ${to}::timestamptz`);
  // An evaluation without a time may have come later: at a time of the past it is not known.
  if (as_of !== undefined) {
    conditions.push(sql`generated_at <= ${as_of}::timestamptz`, sql`evaluated_at <= ${as_of}::timestamptz`);
  }
  const { rows } = await sql<Row>`
    select id, generated_at, direction, ${day} as day, pnl_pct, score_blend as score, confidence, alpha_vs_benchmark as alpha,
      ${label('mfe_pct')} as mfe, coalesce(${label('mae_pct')}, -abs(max_drawdown_pct)) as mae,
      ${group_by === undefined ? sql`null::text` : keys[group_by]} as key,
      ${group_by === 'agent' ? sql`features -> 'scores'` : sql`null::jsonb`} as agents
    from ai_recommendations
    where ${sql.join(conditions, sql` and `)}
    order by generated_at, id limit ${PAGE}`.execute(durable.kysely());
  return rows;
}

function anyOf(column: string, given: string, stored: string) {
  return sql`${sql.ref(column)} in (${given}, ${stored})`;
}

function label(name: string) {
  return sql`case when jsonb_typeof(labels -> ${name}::text) = 'number' then (labels ->> ${name}::text)::float8 end`;
}

function tradeOf(row: Row): Keyed {
  return {
    day: row.day,
    long: row.direction !== 'SHORT',
    returnPct: row.pnl_pct,
    score: inRange(row.score),
    confidence: row.confidence,
    alphaPct: finite(row.alpha),
    mfePct: finite(row.mfe),
    maePct: finite(row.mae),
    key: row.key,
    agents: row.agents,
  };
}

function inRange(score: number | null): number | null {
  return score !== null && score >= 0 && score <= 100 ? score : null;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function tooMany(): StockroomError {
  return new StockroomError(
    'INVALID_INPUT',
    `These are more than ${ROWS_MAX} recommendations: narrow them with from and to, mode, universe or symbol`,
  );
}
