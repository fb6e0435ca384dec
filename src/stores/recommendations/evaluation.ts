import type { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import { payloadHash } from '../../core/payload-hash.ts';
import type { Session } from '../../tiers/durable/index.ts';
import { jsonText } from '../../tiers/state/json.ts';
import type { Changes } from '../../tiers/views/index.ts';
import { checked, withoutNaN } from './fields.ts';
import { notThere } from './ids.ts';
import { OPEN, type RecommendationViews } from './keys.ts';
import { returnPct } from './returns.ts';
import { columns, present, type Row } from './rows.ts';
import { type Evaluation, evaluation, type Recommendation } from './schema.ts';
import type { RecommendationsDatabase } from './table.ts';

export const LABELS_MAX_CHARACTERS = 100_000;

type Checked = z.output<typeof evaluation>;

/** What an evaluation writes. */
export interface Outcome {
  readonly evaluated_at: string;
  readonly exit_price: number;
  readonly exit_time: string;
  readonly exit_reason: string;
  readonly pnl_pct: number | null;
  readonly max_drawdown_pct: number | null;
  readonly alpha_vs_benchmark: number | null;
  /** JSON text. */
  readonly labels: string | null;
}

/** @throws StockroomError INVALID_INPUT naming the field */
export function checkedEvaluation(given: Evaluation): Checked {
  const found = checked(evaluation, withoutNaN(given), 'evaluation');
  // Refused whether it is there or not.
  labelsText(found.labels);
  return found;
}

/** @throws StockroomError NOT_FOUND, or CONFLICT when it was evaluated before with other values */
export async function evaluateIn(
  session: Session,
  changes: Changes,
  views: RecommendationViews,
  id: bigint,
  given: Checked,
  now: Date,
): Promise<Recommendation> {
  const row = await session
    .kysely<RecommendationsDatabase>()
    .selectFrom('ai_recommendations')
    .select(columns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw notThere(id);
  if (row.evaluated) {
    const other = differing(row, given);
    if (other.length === 0) return present(row);
    throw new StockroomError(
      'CONFLICT',
      `The recommendation ${id} was evaluated before with another ${other.join(', ')}; an evaluation is not changed`,
      { details: { id: String(id), fields: other } },
    );
  }
  const outcome: Outcome = {
    evaluated_at: now.toISOString(),
    exit_price: given.exit_price,
    exit_time: given.exit_time,
    exit_reason: given.exit_reason,
    pnl_pct: given.pnl_pct ?? returnPct(row.direction, row.entry_price, given.exit_price),
    max_drawdown_pct: given.max_drawdown_pct ?? null,
    alpha_vs_benchmark: given.alpha_vs_benchmark ?? null,
    labels: labelsText(given.labels ?? row.labels),
  };
  const written = await writeOutcome(session, id, outcome);
  moveEvaluated(changes, views, [id]);
  return present(written!);
}

/** @returns the row; undefined when it was evaluated before */
export function writeOutcome(session: Session, id: bigint, outcome: Outcome): Promise<Row | undefined> {
  return session
    .kysely<RecommendationsDatabase>()
    .updateTable('ai_recommendations')
    .set({ evaluated: true, ...outcome })
    .where('id', '=', id)
    .where('evaluated', '=', false)
    .returning(columns)
    .executeTakeFirst();
}

export function moveEvaluated(changes: Changes, views: RecommendationViews, ids: readonly bigint[]): void {
  if (ids.length === 0) return;
  for (const id of ids) changes.refresh(views.one, id);
  changes.unrank(views.unevaluated, OPEN, ids.map(String));
}

export function labelsText(labels: unknown): string | null {
  return labels === null || labels === undefined ? null : jsonText(labels, 'labels', LABELS_MAX_CHARACTERS);
}

const names = [
  'exit_price',
  'exit_time',
  'exit_reason',
  'pnl_pct',
  'max_drawdown_pct',
  'alpha_vs_benchmark',
] as const;

/** What the caller did not say cannot differ. */
function differing(row: Row, given: Checked): string[] {
  const other: string[] = names.filter((name) => (given[name] ?? null) !== null && given[name] !== row[name]);
  const { labels } = given;
  if (labels !== null && labels !== undefined && !isSame(labels, row.labels)) other.push('labels');
  return other;
}

function isSame(a: unknown, b: unknown): boolean {
  return Buffer.from(payloadHash(a)).equals(payloadHash(b));
}
