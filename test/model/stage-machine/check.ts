import { expect } from 'vitest';
import { followDirectory } from '../../../src/migration/follow/index.ts';
import { setStage } from '../../../src/migration/stages/index.ts';
import { isSettled, type Model, type StoreModel } from './model.ts';
import { type TableKind, textOf } from './rows.ts';
import type { Control, World } from './world.ts';

/** A row that is never kept. */
const PROBE = [['insert', 'probe', 0]] as const;
/** Batches and rounds that are enough for what waits at the end. */
const MAX_ROUNDS = 20;

/** Which sides take writes to a table, by the rules. */
export function takers(
  store: StoreModel,
  kind: TableKind,
  control: Control,
): { old: boolean; here: boolean } {
  if (store.settled) {
    if (!store.guarded) return { old: true, here: false };
    return { old: !store.isNew || store.bare.has(kind), here: store.isNew };
  }
  return {
    old: (control.there.get(kind.file)?.state ?? 'open') === 'open',
    here: control.here?.state === 'open',
  };
}

/** What holds after every command. */
export async function checkWorld(model: Model, world: World): Promise<void> {
  for (const store of model.stores) {
    const control = await world.control(store.store);
    const about = `${store.store} in ${store.stage}${store.settled ? '' : ', unsettled'}`;
    if (store.settled && store.guarded)
      expect(isSettled(control, store.isNew), `${about}: ${words(control)}`).toBe(true);
    for (const kind of store.rows.keys()) await checkTable(store, kind, world, control, about);
  }
}

async function checkTable(
  store: StoreModel,
  kind: TableKind,
  world: World,
  control: Control,
  about: string,
): Promise<void> {
  const { old, here } = takers(store, kind, control);
  expect(old && here, `${about}: both sides of ${kind.name} are open`).toBe(false);
  expect(
    world.writeOld(kind, PROBE, false).taken,
    `${about}: the old side takes writes to ${kind.name}`,
  ).toBe(old);
  if (store.guarded)
    expect(
      (await world.writeNew(kind, PROBE, false)).taken,
      `${about}: PostgreSQL takes writes to ${kind.name}`,
    ).toBe(here);
  const wanted = textOf(store.rows.get(kind)!);
  const isHere = control.here !== null && control.here.state !== 'given';
  const found = isHere ? await world.newRows(kind) : world.oldRows(kind);
  expect(found, `${about}: ${kind.name} at the authority, ${isHere ? 'PostgreSQL' : 'the old side'}`).toEqual(
    wanted,
  );
  // A side has given: both hold everything.
  const fence = control.there.get(kind.file);
  if (control.here?.state === 'given' && fence?.state === 'given')
    expect(await world.newRows(kind), `${about}: ${kind.name} was handed over`).toEqual(wanted);
}

const words = ({ here, there }: Control): string =>
  `PostgreSQL ${here?.state} ${here?.epoch}, ${[...there].map(([file, fence]) => `${file} ${fence?.state} ${fence?.epoch}`).join(', ')}`;

/** Settles everything, brings over what waits, and compares both sides. */
export async function checkEnd(model: Model, world: World): Promise<void> {
  await world.wake();
  for (const store of model.stores) {
    store.settle(await world.control(store.store));
    const report = await setStage({ tier: world.tier, store: store.store, to: store.stage });
    expect(report.stage).toBe(store.stage);
    if (!store.isNew || store.stage === 'complete') continue;
    for (let round = 0; round < MAX_ROUNDS && (await world.owed(store.store)) > 0; round++)
      await world.replay(store.store);
    expect(await world.owed(store.store), `${store.store}: writes that the old side is owed`).toBe(0);
  }
  await followDirectory({ tier: world.tier, directory: world.old.path, once: true });
  await checkWorld(model, world);
  for (const store of model.stores) await checkReplica(store, world);
}

/** The replica is no less than the authority. */
export async function checkReplica(store: StoreModel, world: World): Promise<void> {
  for (const [kind, rows] of store.rows) {
    const about = `${store.store} in ${store.stage}: ${kind.name}`;
    if (store.stage === 'complete')
      expect(world.oldRows(kind), `${about} as it was left`).toEqual(store.left?.get(kind));
    else expect(world.oldRows(kind), `${about} at the old side`).toEqual(textOf(rows));
    expect(await world.newRows(kind), `${about} in PostgreSQL`).toEqual(textOf(rows));
  }
}
