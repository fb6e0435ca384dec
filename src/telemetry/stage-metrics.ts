import { Gauge, type Registry } from 'prom-client';

/** Where a store is on its way, as a scrape finds it. */
export interface StageFigures {
  readonly store: string;
  readonly stage: string;
  readonly lag: { readonly new: number; readonly oldest_ms: number | null; readonly refused: number };
  /** Shadow reads of the present stage, by what came of them. */
  readonly shadow: Readonly<Record<string, number>>;
}

export interface StageMetrics {
  observeStages(stages: readonly StageFigures[]): void;
}

/** The figures of stores that are on their way: out of PostgreSQL, whoever moves and replays them. */
export function stageMetrics(registers: Registry[]): StageMetrics {
  const stage = new Gauge({
    name: 'stockroom_stage',
    help: '1 for the stage that the store is in',
    labelNames: ['store', 'stage'] as const,
    registers,
  });
  const owed = new Gauge({
    name: 'stockroom_stage_owed_rows',
    help: 'Rows written to PostgreSQL that the old files do not have yet',
    labelNames: ['store'] as const,
    registers,
  });
  const refused = new Gauge({
    name: 'stockroom_stage_refused_rows',
    help: 'Those of them that the old files refused',
    labelNames: ['store'] as const,
    registers,
  });
  const oldest = new Gauge({
    name: 'stockroom_stage_owed_seconds',
    help: 'How long the oldest of them waits',
    labelNames: ['store'] as const,
    registers,
  });
  const reads = new Gauge({
    name: 'stockroom_stage_shadow_reads',
    help: 'Shadow reads since the store entered its stage, by what came of them',
    labelNames: ['store', 'result'] as const,
    registers,
  });
  return {
    observeStages(stages) {
      for (const gauge of [stage, owed, refused, oldest, reads]) gauge.reset();
      for (const { store, stage: name, lag, shadow } of stages) {
        stage.set({ store, stage: name }, 1);
        owed.set({ store }, lag.new);
        refused.set({ store }, lag.refused);
        oldest.set({ store }, (lag.oldest_ms ?? 0) / 1000);
        for (const [result, count] of Object.entries(shadow)) reads.set({ store, result }, count);
      }
    },
  };
}
