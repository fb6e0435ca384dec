import type { Session } from '../../tiers/durable/index.ts';

/** The stages of the stores that are on their way from a directory, by store. */
export type Stages = ReadonlyMap<string, string>;

/** A store that has no stage, or came from another directory, is not in it. `directory` is without symbolic links. */
export async function readStages(session: Session, directory: string): Promise<Stages> {
  const { rows } = await session.query<{ store: string; stage: string }>(
    'SELECT store, stage FROM migration_stages WHERE directory = $1 ORDER BY store',
    [directory],
  );
  return new Map(rows.map(({ store, stage }) => [store, stage]));
}

/** Why the files of some stores may not go yet; null when they may. */
export function standsInTheWay(stages: Stages, stores: readonly string[]): string | null {
  const reasons = stores
    .filter((store) => stages.get(store) !== 'complete')
    .map((store) => {
      const stage = stages.get(store);
      return stage === undefined ? `${store} has no stage yet` : `${store} is in stage ${stage}`;
    });
  return reasons.length === 0 ? null : reasons.join('; ');
}
