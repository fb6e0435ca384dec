import type { Selectable } from 'kysely';
import { z } from 'zod';
import { jsonDouble, jsonInteger, jsonIntegerOrNull } from '../../core/json-number.ts';
import type { Latest, RunSummary } from './schema.ts';
import type { TopPicksRunsTable } from './table.ts';

export const summaryColumns = [
  'id',
  'run_id',
  'universe',
  'mode',
  'generated_at',
  'trigger',
  'total_analyzed',
  'filtered_count',
  'picks_count',
  'elapsed_sec',
] as const;
export const wholeColumns = [...summaryColumns, 'payload'] as const;

export type SummaryRow = Pick<Selectable<TopPicksRunsTable>, (typeof summaryColumns)[number]>;
export type WholeRow = SummaryRow & Pick<Selectable<TopPicksRunsTable>, 'payload'>;

export function summary(row: SummaryRow): RunSummary {
  return {
    id: jsonInteger(row.id),
    run_id: row.run_id,
    universe: row.universe,
    mode: row.mode,
    generated_at: row.generated_at,
    trigger: row.trigger,
    total_analyzed: jsonIntegerOrNull(row.total_analyzed),
    filtered_count: jsonIntegerOrNull(row.filtered_count),
    picks_count: jsonIntegerOrNull(row.picks_count),
    elapsed_sec: jsonDouble(row.elapsed_sec),
  };
}

export function latestOf(row: WholeRow): Latest {
  return {
    ...summary(row),
    items: itemsOf(row.payload),
    as_of: engineTimes.safeParse(row.payload).data ?? row.generated_at,
    elapsed_seconds: jsonDouble(row.elapsed_sec),
  };
}

/** Payloads name their picks in one of two ways, and their time too; the old answer had one name for each. */
const pickLists = z.union([
  z.object({ items: z.array(z.unknown()) }).transform(({ items }) => items),
  z.object({ picks: z.array(z.unknown()) }).transform(({ picks }) => picks),
]);
const engineTimes = z.union([
  z.object({ as_of: z.string() }).transform(({ as_of }) => as_of),
  z.object({ generated_at: z.string() }).transform(({ generated_at }) => generated_at),
]);

/** A payload that has neither list is shown as it is by `run`; here it has no picks. */
export function itemsOf(payload: unknown): unknown[] {
  return pickLists.safeParse(payload).data ?? [];
}
