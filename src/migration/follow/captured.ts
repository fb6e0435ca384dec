import {
  captureToken,
  capturedTables,
  changeExtent,
  type Change,
  type Extent,
  pruneChanges,
  readChanges,
  schemaCookie,
} from '../../legacy/sqlite/change-log.ts';
import { type SqliteConnection } from '../../legacy/sqlite/database.ts';
import { openLive } from '../../legacy/sqlite/live.ts';
import { CHUNK_ROWS, ChunkEncoder } from '../chunk.ts';
import { findTables } from '../discover.ts';
import { compareKeys, type RowKey } from '../ledger.ts';
import type { TableUnit } from '../table-unit.ts';
import { applyBatches } from './apply.ts';
import { Outcome } from './outcome.ts';
import { touchedParts, type UnitBatch } from './part.ts';
import type { Place } from './place.ts';
import { advance, type Position } from './position.ts';
import { crowdedOut } from './revisit.ts';
import { followWhole } from './whole.ts';

/** Changes that one transaction applies; fewer when their rows are large. */
const CHANGES_PER_BATCH = { first: 256, most: CHUNK_ROWS };
/** Rows as they are encoded that one transaction should not exceed. */
const BATCH_BYTES = 8 << 20;

/** What one look at a captured file found and did. */
export interface Look {
  /** False: there is no capture (any more), nothing was done. */
  captured: boolean;
  /** Changes that were applied. */
  changes: number;
  /** Changes that wait after it. */
  waiting: number;
  /** The last change that the file ever had, and the last that is applied. */
  last: bigint;
  seq: bigint;
  position: Position | undefined;
  /** The file was read whole. */
  whole: boolean;
  outcome: Outcome;
}

/** A database with capture: what it logged is applied, in its order. */
export class CapturedFile {
  readonly name: string;
  private readonly place: Place;
  private readonly path: string;
  private readonly absolute: string;
  private limit = CHANGES_PER_BATCH.first;

  constructor(place: Place, file: { path: string; absolute: string }) {
    this.place = place;
    this.path = file.path;
    this.absolute = file.absolute;
    this.name = place.prefix + file.path;
  }

  /** Applies up to so many batches; the file is open for so long. @throws Stopped, Overtaken, StockroomError */
  async look(position: Position | undefined, batches: number, onBatch: (look: Look) => void): Promise<Look> {
    const connection = openLive(this.absolute);
    try {
      const token = captureToken(connection);
      const extent = token === null ? { first: null, last: 0n } : changeExtent(connection);
      const outcome = new Outcome();
      const look: Look = {
        captured: token !== null,
        changes: 0,
        waiting: 0,
        last: extent.last,
        seq: position?.seq ?? 0n,
        position,
        whole: false,
        outcome,
      };
      if (token === null) return look;
      await this.catchUp(connection, token, extent, look, batches, onBatch);
      if (look.position) pruneChanges(connection, look.position.seq);
      return look;
    } finally {
      connection.close();
    }
  }

  private async catchUp(
    connection: SqliteConnection,
    token: string,
    extent: Extent,
    look: Look,
    batches: number,
    onBatch: (look: Look) => void,
  ): Promise<void> {
    const schema = `schema ${schemaCookie(connection)}`;
    const { units } = findTables(connection, this.path, this.place.sources, this.place.prefix);
    if (!reaches(look.position, token, extent) || look.position?.fingerprint !== schema) {
      await this.readWhole(units, units, look);
      await this.settle(look, { file: this.name, token, seq: extent.last, fingerprint: schema });
      look.whole = true;
    } else {
      const captured = capturedTables(connection);
      await this.readWhole(
        units.filter((unit) => !captured.has(unit.table)),
        units,
        look,
      );
    }
    for (let count = 0; count < batches; count++) {
      const changes = readChanges(connection, look.position!.seq, this.limit);
      const full = changes.length === this.limit;
      if (changes.length > 0) await this.apply(units, changes, look);
      const { last } = changeExtent(connection);
      look.last = last;
      // What came meanwhile is for the next look.
      look.waiting = full ? Number(last - look.position!.seq) : 0;
      onBatch(look);
      this.place.stopIfAsked();
      if (!full) break;
    }
  }

  private async readWhole(
    wanted: readonly TableUnit[],
    units: readonly TableUnit[],
    look: Look,
  ): Promise<void> {
    for (const unit of wanted) {
      const family = units.filter((one) => one.source === unit.source);
      look.outcome.join(await followWhole(this.place, unit, family));
    }
  }

  private async settle(look: Look, position: Position): Promise<void> {
    await this.place.tier.transaction((session) =>
      advance(session, { ...position, from: null, applied: 0, keptHere: 0 }),
    );
    look.position = position;
    look.seq = position.seq;
  }

  /** Applies changes in one transaction with the new position, each row once. */
  private async apply(units: readonly TableUnit[], changes: readonly Change[], look: Look): Promise<void> {
    const { place } = this;
    const touched = sortChanges(units, changes);
    await this.readWhole([...touched.whole], units, look);
    let bytes = 0;
    const build = async (): Promise<UnitBatch[]> => {
      bytes = 0;
      const built: UnitBatch[] = [];
      for (const [unit, keys] of touched.rows) {
        const batch = await this.batchOf(unit, keys);
        bytes += batch.bytes;
        if (batch.parts.length > 0) built.push(batch);
      }
      return built;
    };
    const from = look.position!;
    const seq = changes.at(-1)!.seq;
    const outcome = await applyBatches(place.tier, build, { ...from, seq, from: from.seq });
    look.outcome.join(outcome);
    look.position = { ...from, seq };
    look.seq = seq;
    look.changes += changes.length;
    const factor = bytes > BATCH_BYTES ? 0.5 : bytes > BATCH_BYTES / 2 ? 1 : 2;
    this.limit = Math.max(1, Math.min(CHANGES_PER_BATCH.most, Math.floor(this.limit * factor)));
  }

  private async batchOf(unit: TableUnit, touched: ReadonlySet<bigint>): Promise<UnitBatch> {
    const { place } = this;
    const context = place.contextOf(unit.source);
    return place.tier.session(async (session) => {
      const keys = new Set<RowKey>(touched);
      for (const key of await crowdedOut(session, unit)) keys.add(key);
      const sorted = [...keys].sort(compareKeys);
      const rows = [...unit.some(sorted as bigint[])];
      const encoder = new ChunkEncoder(unit, context, undefined);
      return touchedParts(session, {
        unit,
        encoder,
        context,
        keys: sorted,
        rows,
        sourceWins: place.sourceWins(unit.source),
      });
    });
  }
}

/** Whether the change table holds everything that came after a position, and nothing else does. */
function reaches(position: Position | undefined, token: string, { first, last }: Extent): boolean {
  if (position === undefined || position.token !== token || position.seq > last) return false;
  return first === null ? position.seq === last : first <= position.seq + 1n;
}

/** The rows that changes are about, each once, and the units that have to be looked at whole. */
function sortChanges(
  units: readonly TableUnit[],
  changes: readonly Change[],
): { rows: Map<TableUnit, Set<bigint>>; whole: Set<TableUnit> } {
  const byTable = new Map(units.map((unit) => [unit.table.toLowerCase(), unit]));
  const rows = new Map<TableUnit, Set<bigint>>();
  const whole = new Set<TableUnit>();
  for (const { table, rowId } of changes) {
    const unit = byTable.get(table.toLowerCase());
    if (unit === undefined) continue;
    // What a row becomes may hang on the others, or it is not found by its number.
    if (rowId === null || !unit.keysAreRowNumbers || unit.source.prepare) whole.add(unit);
    else {
      const known = rows.get(unit);
      if (known) known.add(rowId);
      else rows.set(unit, new Set([rowId]));
    }
  }
  for (const unit of whole) rows.delete(unit);
  return { rows, whole };
}
