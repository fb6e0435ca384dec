import { type SqlBool, sql } from 'kysely';
import type { z } from 'zod';
import type { Session } from '../../tiers/durable/index.ts';
import type { Changes } from '../../tiers/views/index.ts';
import { labelsText, moveEvaluated, writeOutcome } from './evaluation.ts';
import { checked, indiaDay, indiaDayBounds, withoutNaN } from './fields.ts';
import type { RecommendationViews } from './keys.ts';
import { returnPct } from './returns.ts';
import { columns, present, type Row } from './rows.ts';
import { type ExitResult, type ExitResults, type ScalpingExit, scalpingExits } from './schema.ts';
import { isOpen, type RecommendationsDatabase } from './table.ts';

const MODE = 'Scalping';

type Exit = z.output<typeof scalpingExits>[number];

/** @throws StockroomError INVALID_INPUT naming the field */
export function checkedExits(given: readonly ScalpingExit[]): Exit[] {
  return checked(scalpingExits, withoutNaN(given), 'exits').map((exit) => {
    // Refused before anything is written.
    labelsText(exit.labels);
    return { ...exit, symbol: exit.symbol.toUpperCase() };
  });
}

/**
 * Each exit marks the oldest open Scalping row of its symbol and entry day, in the order of the exits. Exits of one symbol come one
 * after the other, whoever sends them: so two never mark one row, and the same exit sent by two at once marks one.
 */
export async function applyExits(
  session: Session,
  changes: Changes,
  views: RecommendationViews,
  exits: readonly Exit[],
  now: Date,
): Promise<ExitResults> {
  await lockSymbols(session, exits);
  const items: ExitResult[] = [];
  const marked: bigint[] = [];
  for (const exit of exits) {
    const before = await appliedBefore(session, exit);
    if (before !== undefined) {
      items.push(result(exit, 'repeated', before));
      continue;
    }
    const row = await mark(session, exit, now);
    if (row !== undefined) marked.push(row.id);
    items.push(result(exit, row === undefined ? 'unmatched' : 'matched', row));
  }
  moveEvaluated(changes, views, marked);
  const count = (kind: ExitResult['result']): number => items.filter((item) => item.result === kind).length;
  return {
    items,
    matched: count('matched'),
    repeated: count('repeated'),
    unmatched: count('unmatched'),
  };
}

/** In one order, so that two callers cannot wait for one another. */
async function lockSymbols(session: Session, exits: readonly Exit[]): Promise<void> {
  const symbols = [...new Set(exits.map(({ symbol }) => symbol))];
  await session.query(
    `select pg_advisory_xact_lock(key) from (
       select distinct hashtextextended('recommendations:exits:' || symbol, 0) as key
       from unnest($1::text[]) as symbol order by key) as keys`,
    [symbols],
  );
}

/** The row that this very exit marked, here or in the old application: its symbol, time, price, reason and entry say so. */
async function appliedBefore(session: Session, exit: Exit): Promise<Row | undefined> {
  let query = rowsOf(session, exit)
    .where(sql<SqlBool>`evaluated`)
    .where('exit_time', '=', exit.exit_time)
    .where('exit_price', '=', exit.exit_price)
    .where('exit_reason', '=', exit.exit_reason);
  const entry = exit.entry_time;
  if (entry !== null && entry !== undefined) {
    query = query.where(sql<SqlBool>`coalesce(labels ->> 'entry_time', ${entry}) = ${entry}`);
  }
  return query.orderBy('generated_at').orderBy('id').limit(1).executeTakeFirst();
}

async function mark(session: Session, exit: Exit, now: Date): Promise<Row | undefined> {
  const open = await rowsOf(session, exit)
    .where(isOpen)
    .orderBy('generated_at')
    .orderBy('id')
    .limit(1)
    .forUpdate()
    // Somebody is evaluating that one: it is open no more.
    .skipLocked()
    .executeTakeFirst();
  if (open === undefined) return undefined;
  const given = exit.pnl_pct ?? exit.return_pct ?? null;
  return writeOutcome(session, open.id, {
    evaluated_at: now.toISOString(),
    exit_price: exit.exit_price,
    exit_time: exit.exit_time,
    exit_reason: exit.exit_reason,
    pnl_pct:
      given ?? returnPct(open.direction, open.entry_price ?? exit.entry_price ?? null, exit.exit_price),
    max_drawdown_pct: exit.max_drawdown_pct ?? null,
    alpha_vs_benchmark: exit.alpha_vs_benchmark ?? null,
    labels: labelsOf(exit, open),
  });
}

/** The entry is kept: it tells this exit from another one at the same time and price. */
function labelsOf(exit: Exit, open: Row): string | null {
  const entry = Object.entries({ entry_time: exit.entry_time, entry_price: exit.entry_price });
  const said = Object.fromEntries(entry.filter(([, value]) => value !== null && value !== undefined));
  const labels = exit.labels ?? objectOr(open.labels, {});
  return Object.keys(said).length === 0
    ? labelsText(exit.labels ?? open.labels)
    : labelsText({ ...labels, ...said });
}

function objectOr(value: unknown, other: object): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : other;
}

/** The Scalping rows of the symbol, and of the day in India of the entry where that is said. */
function rowsOf(session: Session, { symbol, entry_time }: Exit) {
  const rows = session
    .kysely<RecommendationsDatabase>()
    .selectFrom('ai_recommendations')
    .select(columns)
    .where('symbol', '=', symbol)
    // As a literal: the indexes hold rows of this mode alone.
    .where('mode', '=', sql.lit(MODE));
  if (entry_time === null || entry_time === undefined) return rows;
  const [from, to] = indiaDayBounds(indiaDay(entry_time));
  return rows.where('generated_at', '>=', from).where('generated_at', '<', to);
}

function result(exit: Exit, kind: ExitResult['result'], row: Row | undefined): ExitResult {
  if (row === undefined) {
    return { symbol: exit.symbol, result: kind, id: null, reason: unmatchedReason(exit), pnl_pct: null };
  }
  const { id, pnl_pct } = present(row);
  return { symbol: exit.symbol, result: kind, id, reason: null, pnl_pct };
}

function unmatchedReason({ symbol, entry_time }: Exit): string {
  const day = entry_time === null || entry_time === undefined ? '' : ` of ${indiaDay(entry_time)} (India)`;
  return `No open Scalping recommendation of ${symbol}${day}`;
}
