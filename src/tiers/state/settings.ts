export interface HotStateSettings {
  /** How long an acknowledged value waits for PostgreSQL at the most, as long as PostgreSQL answers within half of it. */
  readonly lagMs: number;
  /** Values that wait for PostgreSQL; with so many, and with so many characters in them, `put` waits for a flush. */
  readonly queueMax: number;
  readonly queueMaxCharacters: number;
  /** How long `put` waits for room in the queue before it rejects. */
  readonly roomMs: number;
  /** Rows of one statement; fewer when they are long. */
  readonly batchMax: number;
  readonly batchMaxCharacters: number;
  /** One value, as JSON. */
  readonly valueMaxCharacters: number;
  /** The pause after a failed flush; each further one doubles, with jitter, up to `retryMaxMs`. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** A copy in Redis is compared with PostgreSQL when it is read and the last comparison is longer ago. */
  readonly trustMs: number;
  /** The same for a copy of which PostgreSQL never had that version: its process may have been killed. */
  readonly unconfirmedMs: number;
  /** How long a look into PostgreSQL may take for its answer to go into Redis. */
  readonly claimMs: number;
  /** How long a deletion stands in Redis. */
  readonly tombstoneMs: number;
  /** Rows whose time is over, and deletions, stay in PostgreSQL for so long: what arrives later may bring them back. */
  readonly graceMs: number;
  /** How often such rows are removed, and how many at once. */
  readonly sweepMs: number;
  readonly sweepMax: number;
  /** The bound on what `close` does. */
  readonly closeMs: number;
}

export const hotStateDefaults: HotStateSettings = Object.freeze({
  lagMs: 500,
  queueMax: 10_000,
  queueMaxCharacters: 64 * 2 ** 20,
  roomMs: 30_000,
  batchMax: 500,
  batchMaxCharacters: 4 * 2 ** 20,
  valueMaxCharacters: 8 * 2 ** 20,
  retryMinMs: 50,
  retryMaxMs: 5_000,
  trustMs: 300_000,
  unconfirmedMs: 5_000,
  claimMs: 5_000,
  tombstoneMs: 600_000,
  graceMs: 86_400_000,
  sweepMs: 60_000,
  sweepMax: 1_000,
  closeMs: 10_000,
});
