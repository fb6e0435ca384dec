import { KINDS, type Rows, type TableKind, textOf } from './rows.ts';
import type { Control, World } from './world.ts';

export const STAGES = ['legacy', 'dual-write', 'shadow', 'live', 'ramp-down', 'complete'] as const;
export type Stage = (typeof STAGES)[number];
export type Answer = 'moved' | 'CONFLICT' | 'GATE_CLOSED';

/** What is known of a store without a look at the code: its stage, and every acknowledged write. */
export class StoreModel {
  readonly store: string;
  readonly rows = new Map<TableKind, Rows>();
  stage: Stage = 'legacy';
  ramp = 0;
  /** It was put under guard: before that both sides take what comes. */
  guarded = false;
  /** No mover that died left anything behind. */
  settled = true;
  /** Tables that lost their triggers. */
  readonly bare = new Set<TableKind>();
  /** The old side's rows when it was left for good. */
  left: ReadonlyMap<TableKind, string[]> | null = null;

  constructor(store: string, first: ReadonlyMap<TableKind, Rows>) {
    this.store = store;
    for (const kind of KINDS) if (kind.store === store) this.rows.set(kind, new Map(first.get(kind)));
  }

  get isNew(): boolean {
    return STAGES.indexOf(this.stage) >= STAGES.indexOf('live');
  }

  /** Goes to a stage, as far as the rules let it. Settles first. */
  move(to: Stage, ramp: number | undefined, forced: boolean): Answer {
    const path = this.pathTo(to, forced);
    if (path === null) return 'CONFLICT';
    for (const stage of path) if (!this.enter(stage, forced)) return 'GATE_CLOSED';
    this.ramp = ramp ?? this.ramp;
    return 'moved';
  }

  private pathTo(to: Stage, forced: boolean): Stage[] | null {
    const [from, end] = [STAGES.indexOf(this.stage), STAGES.indexOf(to)];
    if (from === end) return [];
    if (this.stage === 'complete') return null;
    if (end > from) return end === from + 1 || forced ? STAGES.slice(from + 1, end + 1) : null;
    return to === 'legacy' || !this.isNew || (this.stage === 'ramp-down' && to === 'live') ? [to] : null;
  }

  private enter(stage: Stage, forced: boolean): boolean {
    const isForward = STAGES.indexOf(stage) > STAGES.indexOf(this.stage);
    if (stage === 'dual-write' && this.stage === 'legacy') {
      this.bare.clear();
      this.guarded = true;
    } else if ((isForward || this.isNew) && this.bare.size > 0) return false;
    if (stage === 'ramp-down' && this.ramp !== 100 && !forced) return false;
    if (stage === 'live' && !this.isNew) this.ramp = 100;
    if (stage === 'legacy' && this.isNew) this.ramp = 0;
    if (stage === 'complete') this.left = new Map([...this.rows].map(([kind, rows]) => [kind, textOf(rows)]));
    this.stage = stage;
    return true;
  }

  /** Where the rules take what a mover left behind. */
  settle(control: Control): void {
    this.settled = true;
    const { here } = control;
    if (here === null || here.state !== 'given') return;
    const given = [...control.there.values()].filter((fence) => fence?.state === 'given');
    if (given.length === 0) return;
    const isForward = given.some((fence) => fence!.epoch > here.epoch);
    this.stage = isForward ? 'live' : 'legacy';
    this.ramp = isForward ? 100 : 0;
  }

  /** Takes the stage of a store from its control rows, after a move that did not come to its end. */
  async learn(world: World, possible: readonly Stage[], isWritten = false): Promise<void> {
    const control = await world.control(this.store);
    const stage = control.here?.stage ?? 'legacy';
    if (!possible.includes(stage))
      throw new Error(`${this.store} is in ${stage}, expected one of ${possible.join(', ')}`);
    // Writers that went on have written since: what was left is what is there, and has to stay.
    if (stage === 'complete' && this.stage !== 'complete')
      this.left = new Map(
        [...this.rows].map(([kind, rows]) => [kind, isWritten ? world.oldRows(kind) : textOf(rows)]),
      );
    this.stage = stage;
    this.ramp = control.here?.ramp ?? 0;
    this.guarded = control.here !== null;
    this.settled = isSettled(control, this.isNew);
    this.lookForTriggers(world);
  }

  /** Whoever follows puts triggers back that are gone. */
  lookForTriggers(world: World): void {
    this.bare.clear();
    if (!this.guarded) return;
    for (const kind of this.rows.keys()) if (!world.hasFence(kind)) this.bare.add(kind);
  }

  /** The stages that a move may stop in, the one before it among them. */
  stagesTowards(to: Stage, forced: boolean): Stage[] {
    return [this.stage, ...(this.pathTo(to, forced) ?? [])];
  }

  copy(): StoreModel {
    const copy = new StoreModel(this.store, new Map());
    Object.assign(copy, {
      stage: this.stage,
      ramp: this.ramp,
      guarded: this.guarded,
      settled: this.settled,
      left: this.left,
    });
    for (const kind of this.bare) copy.bare.add(kind);
    for (const [kind, rows] of this.rows) copy.rows.set(kind, rows);
    return copy;
  }
}

/** Whether the control rows are those of a stage that nobody is about to leave. */
export function isSettled({ here, there }: Control, isNew: boolean): boolean {
  const states = [...there.values()].map((fence) => fence?.state ?? 'open');
  if (here === null) return states.every((state) => state === 'open');
  const [own, other] = isNew ? (['open', 'given'] as const) : (['given', 'open'] as const);
  return here.state === own && states.every((state) => state === other);
}

export interface Model {
  readonly stores: StoreModel[];
  /** Values are given once, so that an old one is known. */
  next: number;
}
