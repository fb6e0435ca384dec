import { isDeepStrictEqual } from 'node:util';
import { measure, median, spanOf, type Times } from './measure.ts';
import type { OldCallers } from './old-callers.ts';
import type { Ours } from './ours.ts';
import type { Row } from './rows.ts';

export interface Plan {
  readonly callers: readonly number[];
  readonly rounds: number;
  readonly times: Times;
}

/** A row at one number of callers: the medians of the rounds, and the sums of what went wrong. */
export interface Result {
  readonly row: Row;
  readonly callers: number;
  readonly ours: number;
  readonly old: number;
  /** Calls of ours that failed. */
  readonly failed: number;
  readonly locked: number;
  readonly torn: number;
  /** Acknowledged rows that are not there; undefined where writes replace one another. */
  readonly lost: number | undefined;
}

/** @throws when the two sides do not give the same answer */
export async function compete(row: Row, ours: Ours, old: OldCallers, plan: Plan): Promise<Result[]> {
  await compare(row, ours, old);
  const results: Result[] = [];
  for (const callers of plan.callers) {
    const result = await competeAt(row, callers, ours, old, plan);
    const notes = result.locked > 0 ? `, ${result.locked} locked` : '';
    console.error(
      `  ${callers} callers: ${Math.round(result.ours)}/s, old ${Math.round(result.old)}/s${notes}`,
    );
    results.push(result);
  }
  return results;
}

async function compare(row: Row, ours: Ours, old: OldCallers): Promise<void> {
  const [own, theirs] = [await row.op(ours, 0), await old.answer(row.id)];
  if (row.kind === 'append') return;
  // As JSON, which is how the other process tells it.
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(own ?? null)), theirs ?? null)) return;
  const [a, b] = [own, theirs].map((answer) => JSON.stringify(answer)?.slice(0, 120));
  throw new Error(`${row.id}: the answers differ: ${a} and ${b}`);
}

async function competeAt(
  row: Row,
  callers: number,
  ours: Ours,
  old: OldCallers,
  { rounds, times }: Plan,
): Promise<Result> {
  const rates: { ours: number; old: number }[] = [];
  let [failed, locked, torn, lost] = [0, 0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const before = await rowsOf(row, ours);
    const own = await measure((n) => row.op(ours, n), callers, spanOf(times));
    const added = (await rowsOf(row, ours)) - before;
    if (row.table !== undefined) lost += Math.max(0, own.acknowledged * row.table.rows - added);
    failed += own.failed;
    const theirs = await old.measure(row.id, callers, spanOf(times));
    rates.push({ ours: own.rate, old: theirs.rate });
    locked += theirs.locked;
    torn += theirs.torn;
  }
  return {
    row,
    callers,
    ours: median(rates.map((rate) => rate.ours)),
    old: median(rates.map((rate) => rate.old)),
    failed,
    locked,
    torn,
    lost: row.table === undefined ? undefined : lost,
  };
}

async function rowsOf({ table }: Row, { durable }: Ours): Promise<number> {
  if (table === undefined) return 0;
  const { rows } = await durable.query<{ n: unknown }>(`SELECT count(*) AS n FROM ${table.name}`);
  return Number(rows[0]!.n);
}
