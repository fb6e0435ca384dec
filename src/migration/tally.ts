import type { Chunk } from './chunk.ts';
import { OUTCOME } from './ledger.ts';

/** What became of the rows of a source in a run. */
export class Tally {
  read = 0;
  loaded = 0;
  altered = 0;
  quarantined = 0;
  expired = 0;
  duplicate = 0;
  /** Rows of another file with the same key and other values. */
  overlapping = 0;
  /** Rows that changed at the source since an earlier run, and were applied. */
  updated = 0;
  /** Rows that changed at the source and here: kept as they are here. */
  conflicting = 0;
  /** Rows that were loaded earlier and are at the source no more: kept. */
  gone = 0;
  /** Rows that were loaded when they were good and are bad at the source now: kept as they were. */
  spoiled = 0;
  /** Loaded rows that were changed here after they were verified. */
  changedHere = 0;
  /** Loaded rows whose bytes were kept, by `column` and reason. */
  readonly alterations = new Map<string, { column: string; reason: string; rows: number }>();
  /** Quarantined rows by reason. */
  readonly rejections = new Map<string, number>();
  /** Times later than now, by column. */
  readonly futureTimes = new Map<string, number>();

  /** Rows whose time looks as if it lied though nothing proves it, by column. */
  readonly suspects = new Map<string, number>();

  get skipped(): number {
    return this.expired + this.duplicate;
  }

  get skippedReason(): string | null {
    const reasons = [this.expired > 0 ? 'expired' : '', this.duplicate > 0 ? 'duplicate' : ''].filter(
      Boolean,
    );
    return reasons.length === 0 ? null : reasons.join(',');
  }

  /** Every row that was read has one place. */
  get isAccountedFor(): boolean {
    return this.read === this.loaded + this.quarantined + this.skipped;
  }

  addChunk(chunk: Chunk): void {
    this.gone += chunk.gone.length;
    for (const row of chunk.rows) {
      this.read++;
      switch (row.outcome) {
        case OUTCOME.loaded:
          this.loaded++;
          break;
        case OUTCOME.altered:
          this.loaded++;
          this.altered++;
          for (const { column, reason } of row.alterations) this.addAlteration(column, reason);
          break;
        case OUTCOME.quarantined:
          this.quarantined++;
          this.count(this.rejections, row.rejection?.reason ?? 'DUPLICATE_KEY');
          break;
        case OUTCOME.expired:
          this.expired++;
          break;
        case OUTCOME.duplicate:
          this.duplicate++;
          break;
        case OUTCOME.gone:
        case OUTCOME.goneBad:
          break;
      }
    }
  }

  /** Adds what another tally of the same source counted. */
  join(other: Tally): void {
    this.read += other.read;
    this.loaded += other.loaded;
    this.altered += other.altered;
    this.quarantined += other.quarantined;
    this.expired += other.expired;
    this.duplicate += other.duplicate;
    this.overlapping += other.overlapping;
    this.updated += other.updated;
    this.conflicting += other.conflicting;
    this.gone += other.gone;
    this.spoiled += other.spoiled;
    this.changedHere += other.changedHere;
    for (const [key, { column, reason, rows }] of other.alterations) {
      const known = this.alterations.get(key);
      if (known) known.rows += rows;
      else this.alterations.set(key, { column, reason, rows });
    }
    for (const name of ['rejections', 'futureTimes', 'suspects'] as const)
      for (const [key, rows] of other[name]) this[name].set(key, (this[name].get(key) ?? 0) + rows);
  }

  private addAlteration(column: string, reason: string): void {
    const key = `${column} ${reason}`;
    const known = this.alterations.get(key);
    if (known) known.rows++;
    else this.alterations.set(key, { column, reason, rows: 1 });
  }

  private count(map: Map<string, number>, key: string): void {
    map.set(key, (map.get(key) ?? 0) + 1);
  }
}
