import type { Clock } from '../../core/clock.ts';
import { codeOf, messageOf } from '../../core/errors.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { installCaptureIn } from '../capture.ts';
import type { SourceDefinition } from '../source.ts';
import { Ground } from './ground.ts';
import { asOnlyMover, setStage } from './move.ts';
import { owed } from './new-side.ts';
import { Replayer, Superseded } from './replay.ts';
import { settle } from './settle.ts';
import { breaches, type ReadCounts, readsSince } from './reads.ts';
import { shadowReads } from './shadow.ts';
import { isReplayed, type Stage, type StageRow } from './stage.ts';

/** Batches of one store before the others get their turn. */
const BATCHES_PER_ROUND = 20;
/** Between two shadow reads of a store, and rows that each compares: what it may cost both sides. */
const READ_EVERY_MS = 1000;
const KEYS_PER_READ = 50;
/** Between two looks at what a mover that died may have left. */
const SETTLE_EVERY_MS = 5000;
/** Waits before a side that failed is asked again. */
const AGAIN_MS = { first: 250, most: 10_000 };

/** What is done for a store that is on its way, at a moment. */
export interface AttendedStore {
  store: string;
  stage: Stage;
  /** Rows that the old side is owed, and how long the oldest waits; null while PostgreSQL is the replica. */
  owed: number | null;
  oldest_ms: number | null;
  /** Rows that were replayed to the old side since this began. */
  replayed: number;
  /** Rows that the old side refused. */
  refused: number;
  /** Shadow reads in the present stage; null where none are made. */
  reads: ReadCounts | null;
  /** Why nothing can be done at the moment; null when it can. */
  away: string | null;
}

interface Attended {
  status: AttendedStore;
  ground: Ground | null;
  replayer: Replayer | null;
  epoch: bigint;
  readAtMs: number;
  settleAtMs: number;
  refusedAtMs: number;
  againAtMs: number;
  waitMs: number;
}

/** Errors of the old files: they are waited for, and the other stores go on. */
const isOfOldSide = (error: unknown): boolean =>
  /^(SOURCE_|SQLITE_|DIRECTORY_NOT_FOUND|CONFLICT|EACCES|EPERM|ENOENT|EIO|ENOSPC)/.test(codeOf(error));

/**
 * Does for every store of a directory what its stage asks for while nobody moves it: replays PostgreSQL's writes to the old
 * side, reads both sides in shadow and takes a store back to dual-write when they differ, and settles what movers that died
 * left behind.
 */
export class Attendant {
  private readonly tier: DurableTier;
  private readonly directory: string;
  private readonly sources: readonly SourceDefinition[];
  private readonly clock: Clock | undefined;
  private readonly stores = new Map<string, Attended>();

  constructor(options: {
    tier: DurableTier;
    directory: string;
    sources: readonly SourceDefinition[];
    clock?: Clock | undefined;
  }) {
    this.tier = options.tier;
    this.directory = options.directory;
    this.sources = options.sources;
    this.clock = options.clock;
  }

  get statuses(): AttendedStore[] {
    return [...this.stores.values()].map(({ status }) => ({ ...status }));
  }

  /** One turn for every store. @returns whether more waits that could be done at once */
  async round(rows: readonly StageRow[]): Promise<boolean> {
    const own = rows.filter((row) => row.directory === this.directory && row.stage !== 'complete');
    for (const store of this.stores.keys())
      if (!own.some((row) => row.store === store)) this.stores.delete(store);
    let isBusy = false;
    for (const row of own) {
      const attended = this.attendedOf(row);
      if (attended.againAtMs > performance.now()) continue;
      try {
        if (await this.attend(row, attended)) isBusy = true;
        Object.assign(attended, { waitMs: AGAIN_MS.first, againAtMs: 0 });
        attended.status.away = null;
      } catch (error) {
        this.failed(attended, error);
      }
    }
    return isBusy;
  }

  private attendedOf(row: StageRow): Attended {
    const known = this.stores.get(row.store);
    if (known?.epoch === row.epoch && known.status.stage === row.stage) return known;
    const { store, stage, epoch } = row;
    const status: AttendedStore = {
      store,
      stage,
      owed: null,
      oldest_ms: null,
      replayed: known?.status.replayed ?? 0,
      refused: 0,
      reads: null,
      away: null,
    };
    const fresh: Attended = {
      status,
      ground: null,
      replayer: null,
      epoch,
      readAtMs: 0,
      settleAtMs: performance.now() + SETTLE_EVERY_MS,
      refusedAtMs: 0,
      againAtMs: 0,
      waitMs: AGAIN_MS.first,
    };
    this.stores.set(store, fresh);
    return fresh;
  }

  private failed(attended: Attended, error: unknown): void {
    // What was known of the files may be wrong by now.
    attended.ground = null;
    attended.replayer = null;
    if (error instanceof Superseded) return;
    if (!isOfOldSide(error)) throw error;
    attended.status.away = messageOf(error);
    attended.againAtMs = performance.now() + attended.waitMs;
    attended.waitMs = Math.min(AGAIN_MS.most, attended.waitMs * 2);
  }

  private async attend(row: StageRow, attended: Attended): Promise<boolean> {
    const { tier, sources, directory, clock } = this;
    attended.ground ??= await Ground.find({ tier, store: row.store, directory, sources, clock });
    if (attended.settleAtMs <= performance.now()) {
      attended.settleAtMs = performance.now() + SETTLE_EVERY_MS;
      if (await this.settle(attended.ground)) return true;
      // A table that the old application made again has lost its triggers.
      if (attended.ground.side.unfenced().length > 0) {
        await installCaptureIn({ directory, sources });
        attended.ground.side.install(row.epoch);
      }
    }
    const isBusy =
      isReplayed(row.stage) && row.state === 'open' && (await this.replay(attended.ground, attended));
    if (row.state !== 'fenced' && attended.readAtMs <= performance.now() && !isBusy)
      await this.read(row, attended);
    return isBusy;
  }

  /** @returns whether something was settled, so that the control rows have to be read again */
  private async settle(ground: Ground): Promise<boolean> {
    try {
      return (await asOnlyMover(ground, () => settle(ground), 0)) !== 'nothing';
    } catch (error) {
      // A mover is at work: nothing was left behind.
      if (codeOf(error) === 'CONFLICT') return false;
      throw error;
    }
  }

  private async replay(ground: Ground, attended: Attended): Promise<boolean> {
    const { tier, side, prefix, sources, timezones, store } = ground;
    const { status } = attended;
    attended.replayer ??= new Replayer({ tier, side, prefix, sources, timezones });
    let left = true;
    for (let count = 0; count < BATCHES_PER_ROUND && left; count++) {
      const { rows, refused } = await attended.replayer.batch();
      status.replayed += rows;
      left = rows + refused > 0;
    }
    // What stood in the way of a refused row may be gone.
    if (!left && status.refused > 0 && attended.refusedAtMs <= performance.now()) {
      attended.refusedAtMs = performance.now() + SETTLE_EVERY_MS;
      status.replayed += (await attended.replayer.batch(true)).rows;
    }
    const { waiting, refused, oldestMs } = await owed(tier, store);
    Object.assign(status, {
      owed: waiting,
      refused,
      oldest_ms: oldestMs === null ? null : Math.round(oldestMs),
    });
    return left;
  }

  private async read(row: StageRow, attended: Attended): Promise<void> {
    if (row.stage !== 'shadow' && !isReplayed(row.stage)) return;
    const ground = attended.ground!;
    attended.readAtMs = performance.now() + READ_EVERY_MS;
    await shadowReads(ground, row.epoch, KEYS_PER_READ);
    const counts = await readsSince(this.tier, row.store, row.epoch);
    attended.status.reads = counts;
    if (row.stage !== 'shadow' || breaches(counts) === 0) return;
    await setStage({
      tier: this.tier,
      store: row.store,
      to: 'dual-write',
      directory: this.directory,
      sources: this.sources,
      actor: 'stockroom',
      demotedBecause: `${breaches(counts)} shadow reads differed`,
    });
  }
}
