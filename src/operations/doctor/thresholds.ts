/** From where on a check warns or fails. */
export const thresholds = Object.freeze({
  /** PostgreSQL and Redis, by their major versions. */
  oldestPostgres: 15,
  oldestRedis: 7,
  /**
   * Between the clock of this machine and that of a server. Lives and reservations are told by one and kept by the other: a second
   * is seen, half a minute makes short lives wrong.
   */
  clockWarnMs: 1_000,
  clockFailMs: 30_000,
  /** The median round trip of some in a row: a read is one or two, a page of the console ten. */
  postgresWarnMs: 20,
  postgresFailMs: 500,
  redisWarnMs: 10,
  redisFailMs: 250,
  /** Of the connections of a server, those in use. */
  connectionsWarnShare: 0.8,
  /** Free connections that are wanted beside the pool: for commands, backups and people. */
  connectionsSpare: 5,
  /** Of the memory of a Redis that may evict nothing. */
  memoryWarnShare: 0.8,
  /** Notes of writes whose keys were not corrected: live processes sweep older ones within 6 seconds. */
  intentWarnMs: 30_000,
  /** A row that the old side is owed. */
  outboxWarnMs: 60_000,
  /** A store that stays in a stage on the way. */
  stageWarnMs: 14 * 86_400_000,
  /** A store whose writes nobody takes: a move fences for seconds. */
  fenceFailMs: 60_000,
});

export type Thresholds = { [Name in keyof typeof thresholds]: number };
