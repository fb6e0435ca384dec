import * as fc from 'fast-check';
import { expect } from 'vitest';
import { codeOf, messageOf } from '../../../src/core/errors.ts';
import { followDirectory } from '../../../src/migration/follow/index.ts';
import { setStage } from '../../../src/migration/stages/index.ts';
import { checkReplica, checkWorld, takers } from './check.ts';
import { type Answer, type Model, type Stage, STAGES, type StoreModel } from './model.ts';
import { applySteps, CHANGES, type ChangeKind, stepsOf, type TableKind } from './rows.ts';
import type { World } from './world.ts';

/** A move, a fault, a write: what may happen at any moment. */
export abstract class Act implements fc.AsyncCommand<Model, World> {
  abstract act(model: Model, world: World): Promise<void>;
  abstract toString(): string;

  check(_model: Readonly<Model>): boolean {
    return true;
  }

  async run(model: Model, world: World): Promise<void> {
    await this.act(model, world);
    await checkWorld(model, world);
  }
}

export const storeOf = (model: Readonly<Model>, index: number): StoreModel =>
  model.stores[index % model.stores.length]!;

const kindOf = (store: StoreModel, index: number): TableKind =>
  [...store.rows.keys()][index % store.rows.size]!;

/** A change at one side. It is acknowledged where that side is the authority, and refused where it is not. */
export class Write extends Act {
  readonly at: { store: number; kind: number; side: 'old' | 'new' | 'authority' };
  readonly change: ChangeKind;
  readonly a: string;
  readonly b: string;

  constructor(
    at: { store: number; kind: number; side: 'old' | 'new' | 'authority' },
    change: ChangeKind,
    a: string,
    b: string,
  ) {
    super();
    this.at = at;
    this.change = change;
    this.a = a;
    this.b = b;
  }

  override check(model: Readonly<Model>): boolean {
    // Until it is under guard nothing keeps PostgreSQL's writes and the old side's apart.
    return storeOf(model, this.at.store).guarded || this.at.side !== 'new';
  }

  async act(model: Model, world: World): Promise<void> {
    const store = storeOf(model, this.at.store);
    const kind = kindOf(store, this.at.kind);
    const control = await world.control(store.store);
    const open = takers(store, kind, control);
    const side = this.at.side !== 'authority' ? this.at.side : open.here ? 'new' : 'old';
    const rows = store.rows.get(kind)!;
    // Open: the old side refuses both rows of such a pair, and the gate `nothing owed` stays closed.
    const { change } = this;
    const steps = stepsOf(kind, rows, change, this.a, this.b, model.next++);
    const { taken, changes } =
      side === 'old' ? world.writeOld(kind, steps) : await world.writeNew(kind, steps);
    if (side === 'old' ? open.old && !open.here : open.here) {
      expect(taken, `${this.toString()} is acknowledged`).toBe(true);
      applySteps(rows, steps);
      // Nothing is there to be changed.
    } else if (taken) expect(changes, `${this.toString()} is refused`).toBe(0);
  }

  override toString(): string {
    return `write(${Object.values(this.at).join(' ')}: ${this.change} ${this.a} ${this.b})`;
  }
}

/** A table loses its triggers, as it does when an application changes its schema. */
export class Remake extends Act {
  readonly store: number;
  readonly kind: number;
  readonly withRows: boolean;

  constructor(store: number, kind: number, withRows: boolean) {
    super();
    this.store = store;
    this.kind = kind;
    this.withRows = withRows;
  }

  override check(model: Readonly<Model>): boolean {
    const store = storeOf(model, this.store);
    return store.settled && !store.isNew;
  }

  async act(model: Model, world: World): Promise<void> {
    const store = storeOf(model, this.store);
    const kind = kindOf(store, this.kind);
    world.remake(kind, this.withRows);
    if (!this.withRows) store.rows.get(kind)!.clear();
    if (store.guarded) store.bare.add(kind);
    await Promise.resolve();
  }

  override toString(): string {
    return `remake(${this.store} ${this.kind}${this.withRows ? ' with rows' : ''})`;
  }
}

export interface Aim {
  readonly store: number;
  /** A stage, or the next one. */
  readonly to: Stage | 'next';
  readonly ramp: number | undefined;
  readonly forced: boolean;
}

export function target(store: StoreModel, to: Aim['to']): Stage {
  return to === 'next' ? STAGES[Math.min(STAGES.length - 1, STAGES.indexOf(store.stage) + 1)]! : to;
}

/** It is asked for with the stage `live` alone. */
export const rampOf = ({ ramp }: Aim, to: Stage): number | undefined => (to === 'live' ? ramp : undefined);

export const aimText = ({ store, to, ramp, forced }: Aim): string =>
  `${store} ${to}${ramp === undefined ? '' : ` ramp ${ramp}`}${forced ? ' forced' : ''}`;

/** @returns what a move came to */
export async function move(world: World, store: string, to: Stage, aim: Aim): Promise<Answer> {
  const { forced } = aim;
  try {
    await setStage({
      tier: world.tier,
      store,
      to,
      ramp: rampOf(aim, to),
      ...(forced ? { force: 'because' } : {}),
    });
    return 'moved';
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'CONFLICT' && code !== 'GATE_CLOSED') throw error;
    lastRefusal = messageOf(error);
    return code;
  }
}

/** What the last refused move was refused for: told when it should not have been. */
export let lastRefusal = '';

export class Move extends Act {
  readonly aim: Aim;

  constructor(aim: Aim) {
    super();
    this.aim = aim;
  }

  async act(model: Model, world: World): Promise<void> {
    const store = storeOf(model, this.aim.store);
    store.settle(await world.control(store.store));
    const to = target(store, this.aim.to);
    const wanted = store.move(to, rampOf(this.aim, to), this.aim.forced);
    const found = await move(world, store.store, to, this.aim);
    expect(found, `${this.toString()} to ${to}: ${found === 'moved' ? '' : lastRefusal}`).toBe(wanted);
  }

  override toString(): string {
    return `move(${aimText(this.aim)})`;
  }
}

export class Follow extends Act {
  async act(model: Model, world: World): Promise<void> {
    await followDirectory({ tier: world.tier, directory: world.old.path, once: true });
    for (const store of model.stores) store.lookForTriggers(world);
    for (const store of model.stores)
      if (store.settled && (store.stage !== 'complete' || store.left !== null))
        await checkReplica(store, world);
  }

  override toString(): string {
    return 'follow()';
  }
}

/** One batch of what the old side is owed. */
export class Replay extends Act {
  readonly store: number;

  constructor(store: number) {
    super();
    this.store = store;
  }

  async act(model: Model, world: World): Promise<void> {
    const store = storeOf(model, this.store);
    const { there } = await world.control(store.store);
    const mayReplay = [...there.values()].every((fence) => fence?.state === 'given');
    expect(await world.replay(store.store), this.toString()).toBe(mayReplay);
  }

  override toString(): string {
    return `replay(${this.store})`;
  }
}

const NAMES = ['a', 'b', 'c', 'd', 'e'];
export const storeIndex = fc.nat({ max: 1 });

export const aims: fc.Arbitrary<Aim> = fc.record({
  store: storeIndex,
  to: fc.oneof(
    { weight: 5, arbitrary: fc.constant('next' as const) },
    { weight: 3, arbitrary: fc.constantFrom(...STAGES) },
  ),
  ramp: fc.nat({ max: 11 }).map((n) => [0, 50, 100][n]),
  forced: fc.nat({ max: 9 }).map((n) => n === 0),
});

export const writes = fc
  .tuple(
    fc.record({
      store: storeIndex,
      kind: fc.nat({ max: 1 }),
      side: fc.oneof(
        { weight: 4, arbitrary: fc.constant('authority' as const) },
        { weight: 1, arbitrary: fc.constantFrom('old' as const, 'new' as const) },
      ),
    }),
    fc.constantFrom(...CHANGES),
    fc.constantFrom(...NAMES),
    fc.constantFrom(...NAMES),
  )
  .map((args) => new Write(...args));

export const remakes = fc
  .tuple(storeIndex, fc.nat({ max: 1 }), fc.boolean())
  .map((args) => new Remake(...args));
