import { StockroomError } from '../../core/errors.ts';
import { isNewSide, isReplayed, type Stage, stageIndex, STAGES } from './stage.ts';

/** The stages to enter, one after the other. @throws StockroomError CONFLICT when there is no way */
export function pathTo(store: string, from: Stage, to: Stage, forced: boolean): Stage[] {
  const [start, end] = [stageIndex(from), stageIndex(to)];
  if (start === end) return [];
  if (from === 'complete') {
    throw new StockroomError(
      'CONFLICT',
      `${store} is complete: there is no way back but the archive of cleanup --restore`,
    );
  }
  const isStep = end === start + 1;
  if (isStep || (end > start && forced)) return STAGES.slice(start + 1, end + 1);
  const isBack =
    to === 'legacy' || (!isNewSide(from) && end < start) || (from === 'ramp-down' && to === 'live');
  if (end < start && isBack) return [to];
  const next = STAGES[start + 1]!;
  const back = isReplayed(from) ? ', and back to legacy' : '';
  throw new StockroomError(
    'CONFLICT',
    `${store} is in ${from}: from there it goes to ${next}${back}, not to ${to}`,
    {
      details: { store, from, to },
    },
  );
}
