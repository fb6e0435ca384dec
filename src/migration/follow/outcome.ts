import { OUTCOME } from '../ledger.ts';
import type { SourceDefinition } from '../source.ts';
import { Tally } from '../tally.ts';
import type { Decision } from './decide.ts';

/** What following did to the rows of PostgreSQL. */
export class Outcome {
  inserted = 0;
  updated = 0;
  removed = 0;
  /** Rows set aside. */
  quarantined = 0;
  /** Rows that changed at the source, and were changed here too: kept as they are here. */
  keptHere = 0;
  /** Rows that were written and are not what was written. */
  differing = 0;
  /** Files that have to be read again, see filesToRevisit. */
  readonly revisit = new Set<string>();
  /** What the rows showed, by source. */
  readonly tallies = new Map<SourceDefinition, Tally>();

  /** Rows of the tables that were written. */
  get written(): number {
    return this.inserted + this.updated + this.removed;
  }

  get applied(): number {
    return this.written;
  }

  tallyOf(source: SourceDefinition): Tally {
    const tally = this.tallies.get(source) ?? new Tally();
    this.tallies.set(source, tally);
    return tally;
  }

  add(decision: Decision, differing: number): void {
    const { batch, insert, update, remove, keptHere } = decision;
    this.inserted += insert.length;
    this.updated += update.length;
    this.removed += remove.length;
    this.keptHere += keptHere;
    this.differing += differing;
    const tally = this.tallyOf(batch.unit.source);
    batch.encoder.observe(tally);
    for (const { chunk } of batch.parts) {
      tally.addChunk(chunk);
      for (const row of chunk.rows) if (row.outcome === OUTCOME.quarantined) this.quarantined++;
    }
  }

  /** Adds what another transaction did. */
  join(other: Outcome): void {
    this.inserted += other.inserted;
    this.updated += other.updated;
    this.removed += other.removed;
    this.quarantined += other.quarantined;
    this.keptHere += other.keptHere;
    this.differing += other.differing;
    for (const file of other.revisit) this.revisit.add(file);
    for (const [source, tally] of other.tallies) this.tallyOf(source).join(tally);
  }
}
