import { type Clock, systemClock } from '../../core/clock.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import type { HotState } from '../../tiers/state/index.ts';
import { type Analyses, createAnalyses } from './analyses.ts';
import { Counters } from './counters.ts';
import { type AgentCache, createAgentCache, createWorkingMemory, type WorkingMemory } from './memories.ts';
import { createPreferences, type Preferences } from './preferences.ts';
import type { MemoryStatistics } from './schema.ts';
import { SessionStarts } from './session-starts.ts';
import { SessionValues } from './session-values.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { readStatistics } from './statistics.ts';

export interface AgentMemoryOptions {
  /** With an up-to-date schema. */
  readonly durable: DurableTier;
  readonly hot: HotTier;
  /** Over the same tiers, and with the same clock. */
  readonly state: HotState;
  readonly clock?: Clock;
}

/** What agents remember: see README.md. */
export interface AgentMemory {
  readonly sessions: Sessions;
  readonly working: WorkingMemory;
  readonly cache: AgentCache;
  readonly analyses: Analyses;
  readonly preferences: Preferences;
  /** @throws the error of PostgreSQL when it is away */
  statistics(): Promise<MemoryStatistics>;
  /** Writes what is on its way; the tiers and the state stay open. Close it before them. */
  close(): Promise<void>;
}

export function createAgentMemory({
  durable,
  hot,
  state,
  clock = systemClock,
}: AgentMemoryOptions): AgentMemory {
  const counters = new Counters(hot);
  const analyses = createAnalyses({ durable, clock });
  return {
    sessions: createSessions({
      state,
      clock,
      counters,
      starts: new SessionStarts({ durable, state, clock }),
      values: new SessionValues({ state, clock }),
    }),
    working: createWorkingMemory({ state, counters }),
    cache: createAgentCache({ state, counters }),
    analyses,
    preferences: createPreferences({ durable, clock }),
    statistics: () => readStatistics({ durable, state, clock, counters }),
    async close() {
      await Promise.all([analyses.close(), counters.flush()]);
    },
  };
}
