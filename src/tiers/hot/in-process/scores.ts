import { StockroomError } from '../../../core/errors.ts';
import type { Ranked } from '../port.ts';

/** @throws StockroomError INVALID_INPUT when a score is not finite: it would have no place in the order, or no other after it */
export function requireScores(members: readonly Ranked[]): void {
  const wrong = members.find(({ score }) => !Number.isFinite(score));
  if (wrong === undefined) return;
  throw new StockroomError(
    'INVALID_INPUT',
    `The score of ${wrong.id} has to be a finite number, and is ${wrong.score}.`,
    { details: { id: wrong.id, score: String(wrong.score) } },
  );
}
