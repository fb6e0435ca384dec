import { type Clock, systemClock } from '../../core/clock.ts';
import { within } from '../../core/wait.ts';
import type { DurableTier, Session } from '../durable/index.ts';
import {
  type HotTier,
  type Placed,
  type ProjectionChange,
  type ProjectionContent,
  type Ranked,
  Remembered,
} from '../hot/index.ts';
import { standing } from './audit.ts';
import { Intents } from './intents.ts';
import { Keeper } from './keeper.ts';
import { type ViewSettings, viewDefaults } from './settings.ts';
import type { View } from './view.ts';

export interface ViewsOptions {
  readonly hot: HotTier;
  /** With an up-to-date schema. */
  readonly durable: DurableTier;
  readonly clock?: Clock;
  readonly settings?: Partial<ViewSettings>;
}

/** Keys in Redis that follow from rows in PostgreSQL: read through, corrected after every write, never believed over a doubt. */
export interface Views {
  /** Makes a view known to `all`, and gives it this Redis and this PostgreSQL. */
  add<Id>(view: View<Id>): BoundView<Id>;
  /** What one transaction changes. */
  changes(): Changes;
  readonly all: readonly BoundView<unknown>[];
  close(): Promise<void>;
}

export interface BoundView<Id> {
  readonly view: View<Id>;
  /** With the prefix. */
  fullKey(id: Id): string;
  /** From Redis; built from PostgreSQL where it is not there. Undefined: PostgreSQL has nothing. */
  read(id: Id): Promise<ProjectionContent | undefined>;
  /** Builds it anew. */
  refresh(id: Id): Promise<void>;
}

/**
 * What a transaction changes in Redis: said while it runs, noted in it, done after its commit. A transaction that is tried again
 * makes new changes.
 */
export interface Changes {
  /** The key is built anew. */
  refresh<Id>(bound: BoundView<Id>, id: Id): void;
  /**
   * What follows from a row that this transaction adds, as it is there: nothing is read. Whoever changes the row afterwards builds the
   * key. One that is lost with its process is built by who reads it.
   */
  place<Id>(bound: BoundView<Id>, id: Id, content: ProjectionContent): void;
  /** Members or fields of what stands there; where nothing stands it is built. */
  move<Id>(bound: BoundView<Id>, id: Id, change: ProjectionChange): void;
  /** Members of a ranking that stands there, of which the `keep` highest stay; where none stands it is built. */
  rank<Id>(bound: BoundView<Id>, id: Id, members: readonly Ranked[], keep?: number): void;
  unrank<Id>(bound: BoundView<Id>, id: Id, ids: readonly string[]): void;
  /** In the transaction, as its last statement, once everything was said. Its answer comes with the commit, which fails when it does. */
  note(session: Session): void;
  /** After the commit. Waits for `settleMs` at the most: Redis being slow holds up no acknowledgement. Never rejects. */
  apply(): Promise<void>;
}

export function createViews({ hot, durable, clock = systemClock, settings }: ViewsOptions): Views {
  const bounds = { ...viewDefaults, ...settings };
  const doubted = new Remembered(hot, `${hot.prefix}views:mark`);
  const keeper = new Keeper({ hot, durable, clock, settings: bounds, doubted });
  const all: BoundView<unknown>[] = [];
  async function* everyKey(): AsyncGenerator<string> {
    for (const bound of all) for await (const [key] of standing(hot, bound)) yield key;
  }
  const intents = new Intents(hot, durable, bounds, everyKey);
  return {
    all,
    add<Id>(view: View<Id>) {
      const bound = keeper.bind(view);
      all.push(bound);
      return bound;
    },
    changes: () => new KeyChanges(keeper, intents, bounds.settleMs),
    async close() {
      await keeper.idle();
      await intents.close();
      await doubted.close();
    },
  };
}

class KeyChanges implements Changes {
  readonly #keeper: Keeper;
  readonly #intents: Intents;
  readonly #settleMs: number;
  /** By key; a build makes moves of the same key needless. */
  readonly #builds = new Map<string, () => Promise<void>>();
  readonly #moves: { key: string; move: () => Promise<void> }[] = [];
  /** By the life of their view. */
  readonly #placed = new Map<number | undefined, Placed[]>();
  #intent: string | undefined;

  constructor(keeper: Keeper, intents: Intents, settleMs: number) {
    this.#keeper = keeper;
    this.#intents = intents;
    this.#settleMs = settleMs;
  }

  refresh<Id>(bound: BoundView<Id>, id: Id): void {
    this.#builds.set(bound.fullKey(id), () => bound.refresh(id));
  }

  place<Id>(bound: BoundView<Id>, id: Id, content: ProjectionContent): void {
    const placed = this.#placed.get(bound.view.lifeMs) ?? [];
    placed.push({ key: bound.fullKey(id), content });
    this.#placed.set(bound.view.lifeMs, placed);
  }

  move<Id>(bound: BoundView<Id>, id: Id, change: ProjectionChange): void {
    this.#add(bound, id, (key) => this.#keeper.hot.projections.apply(key, change));
  }

  rank<Id>(bound: BoundView<Id>, id: Id, members: readonly Ranked[], keep?: number): void {
    const options = { onlyIfThere: true, ...(keep === undefined ? {} : { keep }) };
    this.#add(bound, id, (key) => this.#keeper.hot.rankings.put(key, members, options));
  }

  unrank<Id>(bound: BoundView<Id>, id: Id, ids: readonly string[]): void {
    // Nothing to remove where nothing stands: the next who reads builds it.
    this.#add(bound, id, (key) => this.#keeper.hot.rankings.remove(key, ids).then(() => true));
  }

  note(session: Session): void {
    const keys = [...new Set([...this.#builds.keys(), ...this.#moves.map(({ key }) => key)])];
    this.#intents.note(session, keys).then(
      (id) => {
        this.#intent = id;
      },
      () => undefined, // The commit fails of it.
    );
  }

  async apply(): Promise<void> {
    const moves = this.#moves.filter(({ key }) => !this.#builds.has(key)).map(({ move }) => move);
    const places = [...this.#placed].map(
      ([lifeMs, placed]) =>
        () =>
          this.#keeper.place(placed, lifeMs),
    );
    const all = Promise.allSettled(
      [...this.#builds.values(), ...moves, ...places].map((correct) => correct()),
    );
    const settled = all.then((outcomes) => {
      const failed = outcomes.some(({ status }) => status === 'rejected');
      // What failed is dropped by the sweep, in whichever process; here it is doubted until then.
      if (!failed && this.#intent !== undefined) this.#intents.settle(this.#intent);
    });
    await within(this.#keeper.track(settled), this.#settleMs);
  }

  #add<Id>(bound: BoundView<Id>, id: Id, move: (key: string) => Promise<boolean>): void {
    const key = bound.fullKey(id);
    this.#moves.push({
      key,
      move: async () => {
        if (!(await this.#keeper.doubting([key], () => move(key)))) await bound.refresh(id);
      },
    });
  }
}
