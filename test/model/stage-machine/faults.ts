import * as fc from 'fast-check';
import { expect, vi } from 'vitest';
import { builtInSources } from '../../../src/migration/sources/index.ts';
import { Attendant } from '../../../src/migration/stages/attend.ts';
import { readStages } from '../../../src/migration/stages/stage.ts';
import {
  Act,
  type Aim,
  aims,
  aimText,
  lastRefusal,
  move,
  rampOf,
  storeIndex,
  storeOf,
  target,
} from './commands.ts';
import { isSettled, type Model, type StoreModel } from './model.ts';
import { type Fate, moveUntil } from './mortal.ts';
import { applySteps, type Step, stepsOf } from './rows.ts';
import { type Control, type Place, PLACES, type World } from './world.ts';

/** Longer than the attendant waits between two looks at what movers left behind. */
const LATER_MS = 6000;
/** Writes beside a move: enough to meet all of its steps, few enough that it comes to an end. */
const MAX_WRITES = 150;

/** A move that a fault ends: its mover dies, or loses an answer. */
export class MoveUntil extends Act {
  readonly aim: Aim;
  readonly fate: Fate;

  constructor(aim: Aim, fate: Fate) {
    super();
    this.aim = aim;
    this.fate = fate;
  }

  async act(model: Model, world: World): Promise<void> {
    const store = storeOf(model, this.aim.store);
    store.settle(await world.control(store.store));
    const to = target(store, this.aim.to);
    const possible = store.stagesTowards(to, this.aim.forced);
    const planned = store.copy();
    if (planned.move(to, rampOf(this.aim, to), this.aim.forced) !== 'moved')
      return move(world, store.store, to, this.aim).then(() => store.learn(world, possible));
    const options = {
      tier: world.tier,
      store: store.store,
      to,
      ramp: rampOf(this.aim, to),
      ...(this.aim.forced ? { force: 'because' } : {}),
    };
    const ended = await moveUntil(options, this.fate);
    await store.learn(world, possible);
    if (ended)
      expect({ stage: store.stage, settled: store.settled }).toEqual({ stage: planned.stage, settled: true });
  }

  override toString(): string {
    const { what, counted, after } = this.fate;
    return `moveUntil(${aimText(this.aim)}; ${what} after ${after}, ${counted})`;
  }
}

/** Whoever follows the directory settles what a dead mover left, after a while. */
export class Attend extends Act {
  async act(model: Model, world: World): Promise<void> {
    const { tier, old } = world;
    const before = new Map<StoreModel, Control>();
    for (const store of model.stores) before.set(store, await world.control(store.store));
    const attendant = new Attendant({ tier, directory: old.path, sources: builtInSources });
    await attendant.round(await readStages(tier));
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + LATER_MS);
    try {
      await attendant.round(await readStages(tier));
    } finally {
      clock.mockRestore();
    }
    for (const status of attendant.statuses) expect(status.away, `${status.store} is attended`).toBeNull();
    for (const store of model.stores) {
      const { stage, settled: wasSettled } = store;
      store.settle(before.get(store)!);
      const control = await world.control(store.store);
      // Reads that differ and that nothing announced: it goes back, and that is right.
      if (stage === 'shadow' && store.bare.size > 0 && control.here?.stage === 'dual-write')
        store.stage = 'dual-write';
      expect(control.here?.stage ?? 'legacy', `${store.store}, ${stage} before, is attended`).toBe(
        store.stage,
      );
      if (!store.guarded) continue;
      expect(isSettled(control, store.isNew), `${store.store} is settled`).toBe(true);
      store.lookForTriggers(world);
      if (wasSettled && store.stage === stage && stage !== 'complete')
        expect([...store.bare], `${store.store} has its triggers`).toEqual([]);
    }
  }

  override toString(): string {
    return 'attend()';
  }
}

/** A replayer falls asleep in the middle of its batch; one that slept wakes. */
export class Sleep extends Act {
  readonly store: number;
  readonly where: Place;

  constructor(store: number, where: Place) {
    super();
    this.store = store;
    this.where = where;
  }

  override check(model: Readonly<Model>): boolean {
    const store = storeOf(model, this.store);
    return store.settled && (store.stage === 'live' || store.stage === 'ramp-down');
  }

  async act(_model: Model, world: World): Promise<void> {
    await world.wake();
    await world.sleep(storeOf(_model, this.store).store, this.where);
  }

  override toString(): string {
    return `sleep(${this.store} ${this.where})`;
  }
}

export class Wake extends Act {
  async act(_model: Model, world: World): Promise<void> {
    await world.wake();
  }

  override toString(): string {
    return 'wake()';
  }
}

/** Two movers of one store at a time: one after the other, in some order. */
export class TwoMovers extends Act {
  readonly first: Aim;
  readonly second: Aim;

  constructor(first: Aim, second: Aim) {
    super();
    this.first = first;
    this.second = second;
  }

  async act(model: Model, world: World): Promise<void> {
    const store = storeOf(model, this.first.store);
    store.settle(await world.control(store.store));
    const aims = [this.first, this.second] as const;
    const to = aims.map((aim) => target(store, aim.to));
    const orders = [
      [0, 1],
      [1, 0],
    ] as const;
    const wanted = orders.flatMap((order) =>
      this.outcomes(store, order, (index) => [to[index]!, aims[index]!] as const),
    );
    const found = await Promise.all(aims.map((aim, index) => move(world, store.store, to[index]!, aim)));
    const { here } = await world.control(store.store);
    const text = `${found.join(' ')} ${here?.stage ?? 'legacy'}`;
    expect(wanted, `${this.toString()}: ${text} ${lastRefusal}`).toContain(text);
    await store.learn(world, [here?.stage ?? 'legacy']);
  }

  /** What one order comes to: both move, or the second waited too long. */
  private outcomes(
    store: StoreModel,
    [first, second]: readonly [number, number],
    of: (index: number) => readonly [Parameters<StoreModel['move']>[0], Aim],
  ): string[] {
    const model = store.copy();
    const answers: string[] = [];
    const [to, aim] = of(first);
    answers[first] = model.move(to, rampOf(aim, to), aim.forced);
    const alone = [...answers];
    alone[second] = 'CONFLICT';
    const between = model.stage;
    const [next, other] = of(second);
    answers[second] = model.move(next, rampOf(other, next), other.forced);
    return [`${answers.join(' ')} ${model.stage}`, `${alone.join(' ')} ${between}`];
  }

  override toString(): string {
    return `twoMovers(${aimText(this.first)}; ${aimText(this.second)})`;
  }
}

/** A move while both sides are written all the time. */
export class MoveWritten extends Act {
  readonly aim: Aim;

  constructor(aim: Aim) {
    super();
    this.aim = aim;
  }

  override check(model: Readonly<Model>): boolean {
    return storeOf(model, this.aim.store).guarded;
  }

  async act(model: Model, world: World): Promise<void> {
    const store = storeOf(model, this.aim.store);
    store.settle(await world.control(store.store));
    const to = target(store, this.aim.to);
    const possible = store.stagesTowards(to, this.aim.forced);
    let isMoving = true;
    const writing = this.write(model, store, world, () => isMoving);
    try {
      // Gates that meet writes may be closed: that loses nothing.
      await move(world, store.store, to, this.aim);
    } finally {
      isMoving = false;
      await writing;
    }
    await store.learn(world, possible, true);
  }

  private async write(model: Model, store: StoreModel, world: World, goesOn: () => boolean): Promise<void> {
    const kinds = [...store.rows.keys()];
    for (let count = 0; count < MAX_WRITES && goesOn(); count++) {
      const kind = kinds[count % kinds.length]!;
      const rows = store.rows.get(kind)!;
      const steps = (side: string): Step[] =>
        stepsOf(kind, rows, count % 3 === 2 ? 'delete' : 'put', `${side}${count % 4}`, 'a', model.next++);
      const old = steps('o');
      if (world.writeOld(kind, old).taken) applySteps(rows, old);
      const here = steps('n');
      const { taken, changes } = await world.writeNew(kind, here);
      if (taken && changes > 0) applySteps(rows, here);
    }
  }

  override toString(): string {
    return `moveWritten(${aimText(this.aim)})`;
  }
}

const fates: fc.Arbitrary<Fate> = fc.oneof(
  fc.record({
    what: fc.constant('dies' as const),
    counted: fc.constant('old side' as const),
    after: fc.nat({ max: 4 }),
  }),
  fc.record({
    what: fc.constant('dies' as const),
    counted: fc.constant('all' as const),
    after: fc.nat({ max: 20 }),
  }),
  fc.record({
    what: fc.constant('answer lost' as const),
    counted: fc.constant('all' as const),
    after: fc.nat({ max: 20 }),
  }),
);

export const falls = fc.tuple(aims, fates).map((args) => new MoveUntil(...args));
export const sleeps = fc.tuple(storeIndex, fc.constantFrom(...PLACES)).map((args) => new Sleep(...args));
export const pairs = fc.tuple(aims, aims).map((args) => new TwoMovers(...args));
export const written = aims.map((aim) => new MoveWritten(aim));
