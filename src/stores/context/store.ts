import type { Clock } from '../../core/clock.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { Views } from '../../tiers/views/index.ts';
import { type Analyses, createAnalyses } from './analyses.ts';
import { addViews } from './keys.ts';
import { createLearnings, type Learnings } from './learnings.ts';
import { createMemory, type Memory } from './memory.ts';
import { createPreferences, type Preferences } from './preferences.ts';
import { timeOf } from './time.ts';

export interface ContextOptions {
  durable: DurableTier;
  views: Views;
  /** Absent: lives are decided by the clock of PostgreSQL, which all processes share. */
  clock?: Clock;
}

/** What agents know of one another and of their users: see README.md. */
export interface Context {
  readonly analyses: Analyses;
  readonly memory: Memory;
  readonly preferences: Preferences;
  readonly learnings: Learnings;
  /** Takes no more analyses, and resolves when those that were taken are settled. */
  close(): Promise<void>;
}

export function createContext({ durable, views: all, clock }: ContextOptions): Context {
  const time = timeOf(clock);
  const views = addViews(all, time);
  const ofAnalyses = createAnalyses(durable, all, views, time);
  const ofMemory = createMemory(durable, all, views, time);
  return {
    analyses: ofAnalyses.analyses,
    memory: ofMemory.memory,
    preferences: createPreferences(durable, all, views, time),
    learnings: createLearnings(durable, all, views, time),
    async close() {
      await ofAnalyses.close();
      await ofMemory.close();
    },
  };
}
