import type { Clock } from '../core/clock.ts';
import type { CronTime } from '../core/config-values.ts';
import type { StoreSystem } from '../system/index.ts';
import type { HotTier } from '../tiers/hot/index.ts';

/** What a job works with. */
export interface JobContext {
  readonly system: StoreSystem;
  readonly hot: HotTier;
  readonly clock: Clock;
  /** For how many days a store keeps its history; a store that is not named keeps all of it. */
  readonly retentionDays: Readonly<Record<string, number>>;
  /** The root of the archive. */
  readonly archiveDirectory: string;
}

/** The counts and names that a run leaves in its row. */
export type Did = Readonly<Record<string, unknown>>;

/**
 * Work that runs by itself. A run may be broken off at any instruction and begun again, here or by another process: running twice
 * does the same as running once.
 */
export interface JobDefinition {
  readonly name: string;
  /** What it is for, in one line. */
  readonly title: string;
  /** When it runs unless a setting says otherwise. */
  readonly time: CronTime;
  /** A run that takes longer is ended and counts as failed. */
  readonly limitMs: number;
  /** How often a run that failed is tried again. */
  readonly retries: number;
  readonly retryDelayMs: number;
  /** Ends soon after `signal` says so; what was committed by then stays. */
  run(context: JobContext, signal: AbortSignal): Promise<Did>;
}
