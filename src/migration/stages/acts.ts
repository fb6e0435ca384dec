import type { DurableTier } from '../../tiers/durable/index.ts';
import type { MoveOptions, MoveReport } from './mover.ts';
import { type ReadRoute, routeRead } from './route.ts';
import { showStages, type StoreStage } from './show.ts';

/** What a service lets its callers do with the stages. */
export interface StageActs {
  show(store?: string): Promise<StoreStage[]>;
  /** Stores that are on their way, without a look at the old files. */
  figures(): Promise<StoreStage[]>;
  set(options: Pick<MoveOptions, 'store' | 'to' | 'ramp' | 'force' | 'actor'>): Promise<MoveReport>;
  route(store: string, key: string): Promise<ReadRoute>;
}

/** The driver of SQLite is loaded with the first move, and not before. */
export function stageActs(tier: DurableTier): StageActs {
  return {
    show: (store) => showStages(tier, { store }),
    figures: async () =>
      (await showStages(tier, { withoutFiles: true })).filter(({ state }) => state !== null),
    set: async (options) => (await import('./move.ts')).setStage({ tier, ...options }),
    route: (store, key) => routeRead(tier, store, key),
  };
}
