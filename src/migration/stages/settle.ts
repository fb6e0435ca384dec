import type { Ground } from './ground.ts';
import { changeStage } from './new-side.ts';
import type { StageRow } from './stage.ts';
import { openNewSide } from './take-over.ts';

/** What a mover that died left behind, and what was done about it. */
export type Settled = 'nothing' | 'given up' | 'finished';

/**
 * Takes the one step that the control rows of both sides allow after a mover died: a fence is taken down again by the side
 * that still is the authority; a side that has given is followed by the other one's opening.
 */
export async function settle(ground: Ground): Promise<Settled> {
  const row = await ground.row();
  if (row === null) return 'nothing';
  const { side, tier } = ground;
  const epoch = await ground.epoch();
  if (row.state === 'fenced') {
    await changeStage(tier, row, { state: 'open', epoch: epoch + 1n });
    return 'given up';
  }
  const fences = side.fences().filter((fence) => fence !== null);
  if (row.state === 'open' || fences.every(({ state }) => state === 'open')) return 'nothing';
  const given = fences.filter(({ state }) => state === 'given');
  if (given.length === 0) {
    side.set(['fenced', 'open'], epoch, { state: 'open', epoch: epoch + 1n });
    return 'given up';
  }
  if (given.some((fence) => fence.epoch > row.epoch)) {
    await finishForward(ground, row);
    return 'finished';
  }
  side.set(['given'], row.epoch, { state: 'open', epoch: row.epoch });
  return 'finished';
}

/** The old side has given, in a part of its files at least: the rest gives, and PostgreSQL opens. */
async function finishForward(ground: Ground, row: StageRow): Promise<void> {
  const epoch = await ground.epoch();
  ground.side.set(['fenced', 'given'], epoch, { state: 'given', epoch });
  await openNewSide(ground, row, epoch);
}
