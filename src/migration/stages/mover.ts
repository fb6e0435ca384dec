import type { Clock } from '../../core/clock.ts';
import { messageOf, StockroomError } from '../../core/errors.ts';
import { within } from '../../core/wait.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import { installCaptureIn } from '../capture.ts';
import type { SourceDefinition } from '../source.ts';
import { type Gate, gatesFor, drain, owedGate, proofGate, unreadableGate } from './gates.ts';
import type { Ground } from './ground.ts';
import { changeStage, installGuard, lockTables, removeGuard, tablesOf } from './new-side.ts';
import { pathTo } from './path.ts';
import { proveStore } from './prove.ts';
import { Replayer } from './replay.ts';
import { isNewSide, type Stage, stageIndex, type StageRow } from './stage.ts';
import { giveNewSide, openNewSide } from './take-over.ts';

/** How long the old side may stay fenced while PostgreSQL takes what was written to it. */
const FENCE_PATIENCE_MS = 30_000;

export interface MoveOptions {
  tier: DurableTier;
  store: string;
  to: Stage;
  /** Of 100 record keys, how many are read from PostgreSQL; only in `live`. */
  ramp?: number | undefined;
  /** Why gates that are closed are passed by; those that keep writes from being lost stay closed. */
  force?: string | undefined;
  /** Why a store goes back though nobody asked for it. */
  demotedBecause?: string | undefined;
  /** The old directory, where the database knows several. */
  directory?: string | undefined;
  /** Who asks. */
  actor?: string | undefined;
  sources?: readonly SourceDefinition[] | undefined;
  clock?: Clock | undefined;
  /** How long the old side may stay fenced before a move is given up. */
  fencePatienceMs?: number | undefined;
  /** Told what is being done. */
  onStep?: ((text: string) => void) | undefined;
}

export interface MoveReport {
  store: string;
  from: Stage;
  stage: Stage;
  epoch: number;
  ramp: number;
  /** What was found at the gates of every stage that was entered. */
  evidence: { stage: Stage; gates: Gate[] }[];
  forced: string | null;
}

/** Takes one store through stages; whoever uses it is the only mover of that store. */
export class Mover {
  private readonly ground: Ground;
  private readonly options: MoveOptions;
  private readonly tell: (text: string) => void;
  private readonly evidence: { stage: Stage; gates: Gate[] }[] = [];

  constructor(ground: Ground, options: MoveOptions) {
    this.ground = ground;
    this.options = options;
    this.tell = options.onStep ?? (() => undefined);
  }

  async run(): Promise<MoveReport> {
    const { to, store, ramp, force } = this.options;
    const before = await this.ground.row();
    const from = before?.stage ?? 'legacy';
    for (const stage of pathTo(store, from, to, force !== undefined)) await this.enter(stage);
    if (ramp !== undefined) await this.setRamp(ramp);
    const row = await this.ground.row();
    return {
      store,
      from,
      stage: row?.stage ?? 'legacy',
      epoch: Number(row?.epoch ?? 0n),
      ramp: row?.ramp ?? 0,
      evidence: this.evidence,
      forced: force ?? null,
    };
  }

  private async enter(stage: Stage): Promise<void> {
    const row = await this.ground.row();
    const from = row?.stage ?? 'legacy';
    try {
      if (stage === 'dual-write' && from === 'legacy') await this.begin(row);
      else if (stageIndex(stage) < stageIndex('live') && !isNewSide(from)) await this.relabel(row!, stage);
      else if (stage === 'live' && from === 'shadow') await this.forward(row!);
      else if (stage === 'legacy') await this.back(row!);
      else if (stage === 'complete') await this.complete(row!);
      else await this.labelNew(row!, stage);
    } catch (error) {
      const refused = error instanceof StockroomError && error.code === 'GATE_CLOSED';
      // Where it cannot be noted, since PostgreSQL is away, what went wrong first is what the caller has to know.
      await this.note(from, stage, refused ? 'refused' : 'given up', messageOf(error)).catch(() => undefined);
      throw error;
    }
    const { demotedBecause } = this.options;
    await this.note(from, stage, demotedBecause === undefined ? 'moved' : 'demoted', demotedBecause ?? null);
  }

  /** Every write of the old application is seen from here on, and everything before it is brought over. */
  private async begin(before: StageRow | null): Promise<void> {
    const { ground, tell } = this;
    const { tier, side } = ground;
    tell('installing capture');
    const installed = await installCaptureIn({ directory: side.directory, sources: ground.sources });
    // What belongs to other stores alone is their affair.
    const own = await ground.ownDatabases();
    const failed = installed.failed.filter(({ file }) => own.has(file));
    this.check('dual-write', [unreadableGate(failed.map(({ file, reason }) => `${file}: ${reason}`))]);
    const epoch = (await ground.epoch()) + 1n;
    side.install(epoch);
    if (before === null) {
      // What was changed here before the store came under guard is told of, not overwritten: so it is looked at first.
      tell('catching up');
      await ground.catchUp();
      this.check('dual-write', [await this.prove()]);
    }
    await tier.transaction((session) => this.guard(session, epoch));
    tell('catching up');
    const { unreadable } = await ground.catchUp();
    const gates = [...(await this.gates('dual-write', await ground.row())), unreadableGate(unreadable)];
    try {
      this.check('dual-write', gates);
    } catch (error) {
      if (before === null) await this.unguard();
      throw error;
    }
    await this.relabel((await ground.row())!, 'dual-write', []);
  }

  private async guard(session: Session, epoch: bigint): Promise<void> {
    const { store, side, sources } = this.ground;
    const tables = tablesOf(sources, store);
    await lockTables(session, tables);
    await session.query('SELECT pg_advisory_xact_lock(migration_lock_key($1))', [store]);
    await installGuard(session, store, tables);
    await session.query(
      `INSERT INTO migration_stages (store, stage, state, epoch, directory) VALUES ($1, 'legacy', 'given', $2, $3)
       ON CONFLICT (store) DO UPDATE SET epoch = excluded.epoch WHERE migration_stages.state = 'given'`,
      [store, epoch, side.directory],
    );
  }

  private async unguard(): Promise<void> {
    const { tier, store, sources } = this.ground;
    await tier.transaction(async (session) => {
      await removeGuard(session, tablesOf(sources, store));
      await session.query('DELETE FROM migration_stages WHERE store = $1', [store]);
    });
  }

  /** Between stages in which the old side is the authority. A new epoch, so that a mover that waits for its fence gives up. */
  private async relabel(row: StageRow, stage: Stage, given?: Gate[]): Promise<void> {
    if (given === undefined && stageIndex(stage) > stageIndex(row.stage))
      this.check(stage, await this.gates(stage, row));
    const before = await this.ground.epoch();
    const epoch = before + 1n;
    this.ground.side.set(['open'], before, { state: 'open', epoch });
    await changeStage(this.ground.tier, row, { stage, epoch });
  }

  /** The authority moves to PostgreSQL. */
  private async forward(row: StageRow): Promise<void> {
    const { ground, tell } = this;
    const epoch = await ground.epoch();
    this.check('live', await this.gates('live', row));
    const fence = epoch + 1n;
    // The less is left to bring over, the shorter nobody can write.
    await ground.catchUp();
    tell('fencing the old side');
    try {
      ground.side.set(['open'], epoch, { state: 'fenced', epoch: fence });
      await this.bringOver();
      tell('PostgreSQL takes over');
      // Nothing is asked of PostgreSQL in between: were it gone, the fence would stand for as long.
      ground.side.set(['fenced'], fence, { state: 'given', epoch: fence });
    } catch (error) {
      this.reopen(fence);
      throw error;
    }
    await openNewSide(ground, row, fence);
  }

  /** What was written until the fence. @throws StockroomError UNAVAILABLE when that takes too long */
  private async bringOver(): Promise<void> {
    const { ground } = this;
    const patienceMs = this.options.fencePatienceMs ?? FENCE_PATIENCE_MS;
    const done = await within(ground.catchUp(), patienceMs);
    if (done === undefined) {
      throw new StockroomError(
        'UNAVAILABLE',
        `PostgreSQL has not taken what was written to ${ground.store} within ${patienceMs} ms, so its writers were let in again: try again when it answers`,
        { details: { store: ground.store } },
      );
    }
    this.check('live', [unreadableGate(done.unreadable)]);
    if (done.outcome.differing > 0)
      throw new StockroomError('CONFLICT', `${done.outcome.differing} rows are not what was written of them`);
  }

  /** Lets the writers of the old side in again where they were fenced, unless a part of it has given: then there is only forward. */
  private reopen(fence: bigint): void {
    const { side } = this.ground;
    if (side.firstFence()?.state !== 'fenced') return;
    side.set(['fenced', 'open'], fence, { state: 'open', epoch: fence + 1n });
  }

  /** The authority moves back, or a stage before it is left. */
  private async back(row: StageRow): Promise<void> {
    if (!isNewSide(row.stage)) return this.relabel(row, 'legacy');
    const { ground, tell } = this;
    const { tier, side } = ground;
    await drain(this.newReplayer);
    this.check('legacy', await this.gates('legacy', row, () => drain(this.newReplayer)));
    const epoch = (await ground.epoch()) + 1n;
    tell('fencing PostgreSQL');
    await changeStage(tier, row, { state: 'fenced', epoch });
    const fenced: StageRow = { ...row, state: 'fenced', epoch };
    try {
      await drain(this.newReplayer);
      this.check('legacy', [await owedGate(ground)]);
    } catch (error) {
      await changeStage(tier, fenced, { state: 'open', epoch: epoch + 1n });
      throw error;
    }
    tell('the old side takes over');
    await giveNewSide(ground, fenced);
    side.set(['given'], epoch, { state: 'open', epoch });
  }

  private async complete(row: StageRow): Promise<void> {
    const { ground, tell } = this;
    const { tier, store, sources } = ground;
    await drain(this.newReplayer);
    this.check('complete', await this.gates('complete', row, () => drain(this.newReplayer)));
    const epoch = (await ground.epoch()) + 1n;
    tell('fencing PostgreSQL');
    await changeStage(tier, row, { state: 'fenced', epoch });
    const fenced: StageRow = { ...row, state: 'fenced', epoch };
    try {
      await drain(this.newReplayer);
      this.check('complete', [await owedGate(ground)]);
      await changeStage(
        tier,
        fenced,
        { stage: 'complete', state: 'open', epoch: epoch + 1n },
        async (session) => {
          await removeGuard(session, tablesOf(sources, store));
          await session.query('DELETE FROM migration_made WHERE source = ANY($1)', [
            ground.own.map(({ id }) => id),
          ]);
        },
        tablesOf(sources, store),
      );
    } catch (error) {
      await changeStage(tier, fenced, { state: 'open', epoch: epoch + 1n });
      throw error;
    }
  }

  private async labelNew(row: StageRow, stage: Stage): Promise<void> {
    if (stageIndex(stage) > stageIndex(row.stage)) {
      this.check(stage, await this.gates(stage, row, () => drain(this.newReplayer)));
    }
    await changeStage(this.ground.tier, row, { stage, epoch: (await this.ground.epoch()) + 1n });
  }

  private async setRamp(ramp: number): Promise<void> {
    const row = await this.ground.row();
    if (row?.stage !== 'live') {
      throw new StockroomError(
        'CONFLICT',
        `ramp: expected ${this.ground.store} in stage live, it is in ${row?.stage ?? 'legacy'}`,
        {
          details: { field: 'ramp' },
        },
      );
    }
    await changeStage(this.ground.tier, row, { ramp, epoch: row.epoch });
  }

  private readonly newReplayer = (): Replayer => {
    const { tier, side, prefix, sources, timezones } = this.ground;
    return new Replayer({ tier, side, prefix, sources, timezones });
  };

  private async prove(): Promise<Gate> {
    return proofGate(await proveStore(this.ground, () => this.ground.catchUp(), this.rows));
  }

  private gates(stage: Stage, row: StageRow | null, bring?: () => Promise<unknown>): Promise<Gate[]> {
    this.tell(`looking at the gates of ${stage}`);
    return gatesFor(this.ground, row, stage, bring ?? (() => this.ground.catchUp()), this.rows);
  }

  private readonly rows = (rows: number): void => this.tell(`${rows} rows compared`);

  /** @throws StockroomError GATE_CLOSED */
  private check(stage: Stage, gates: Gate[]): void {
    const known = this.evidence.find((one) => one.stage === stage);
    // Looked at again behind the fence, a gate is as it was found last.
    const before = known?.gates.filter(({ name }) => gates.every((gate) => gate.name !== name)) ?? [];
    if (known) known.gates = [...before, ...gates];
    else this.evidence.push({ stage, gates });
    const { force } = this.options;
    const closed = gates.filter(({ passed, hard }) => !passed && (hard || force === undefined));
    if (closed.length === 0) return;
    const what = closed.map(({ name, detail }) => `${name} (${detail})`).join('; ');
    const way = closed.some(({ hard }) => hard)
      ? 'Mend that and try again'
      : 'Mend that, or give --force with a reason';
    throw new StockroomError(
      'GATE_CLOSED',
      `${this.ground.store} stays where it is, ${stage} asks for: ${what}. ${way}`,
      {
        details: { store: this.ground.store, stage, gates: closed },
      },
    );
  }

  private async note(
    from: Stage,
    to: Stage,
    outcome: 'moved' | 'demoted' | 'refused' | 'given up',
    reason: string | null,
  ): Promise<void> {
    const { tier, store } = this.ground;
    const { force, actor = 'command line' } = this.options;
    const gates = this.evidence.find((one) => one.stage === to)?.gates ?? [];
    const row = await this.ground.row();
    await tier.transaction(async (session) => {
      await session.query(
        `INSERT INTO migration_moves (store, from_stage, to_stage, epoch, outcome, forced, evidence) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [store, from, to, row?.epoch ?? 0n, outcome, force ?? null, JSON.stringify({ gates, reason })],
      );
      await session.query('INSERT INTO audit_log (actor, action, subject, detail) VALUES ($1, $2, $3, $4)', [
        actor,
        'stage.set',
        store,
        JSON.stringify({ from, to, outcome, forced: force ?? null, reason }),
      ]);
    });
  }
}
