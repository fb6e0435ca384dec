/** The bounds of the jobs. */
export const jobDefaults = Object.freeze({
  /** How often a process looks for what is due. */
  pollMs: 2_000,
  /** A time that nobody saw come (every process was down, or PostgreSQL away) is made up for when it is not older than this. */
  catchUpMs: 6 * 3_600_000,
  /** How often a process that runs jobs asks whether the connection with their locks is still there. */
  lockCheckMs: 2_000,
  /** For so long without an answer it goes on; then it ends what it runs. */
  lockLostMs: 8_000,
  /**
   * A run whose lock was free for so long, at each look, is one of a process that is gone: longer than a living process that lost its
   * lock takes to notice and to end (`lockLostMs` and `graceMs`).
   */
  takeoverMs: 15_000,
  /** How often the fleet looks for runs that took longer than they may. */
  maintenanceMs: 30_000,
  /** Beyond a job's own limit: then its process is taken for gone, and another may begin it anew. */
  expiryMarginMs: 30_000,
  /** How long a run may go on when the process stops; then it is told to end. */
  drainMs: 4_000,
  /** How long a run may take to end once it was told to. */
  graceMs: 2_000,
  /** How long a process tries to note how a run ended while PostgreSQL is away. */
  settleMs: 60_000,
});

export type JobSettings = { [Name in keyof typeof jobDefaults]: number };

/** So long a run that ended stays in the queue's own table, with the id that keeps its time from being done twice. */
export const KEEP_RUNS_SECONDS = 12 * 3_600;
/** And so long after that in the queue's archive. */
export const KEEP_ARCHIVED_DAYS = 8;
