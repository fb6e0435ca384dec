import type { Clock } from '../../core/clock.ts';
import { Relay } from '../../core/relay.ts';
import type { DurableTier } from '../durable/index.ts';
import {
  type HotTier,
  isHotError,
  type Placed,
  type ProjectionContent,
  type Remembered,
} from '../hot/index.ts';
import type { ViewSettings } from './settings.ts';
import type { Built, View } from './view.ts';
import type { BoundView } from './views.ts';

export interface KeeperOptions {
  readonly hot: HotTier;
  readonly durable: DurableTier;
  readonly clock: Clock;
  readonly settings: ViewSettings;
  /** Keys whose correction Redis did not acknowledge. */
  readonly doubted: Remembered;
}

/** Builds keys from PostgreSQL, one build of a key at a time in this process. */
export class Keeper {
  readonly hot: HotTier;
  readonly #options: KeeperOptions;
  readonly #refreshing = new Relay<void>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: KeeperOptions) {
    this.hot = options.hot;
    this.#options = options;
  }

  bind<Id>(view: View<Id>): BoundView<Id> {
    const fullKey = (id: Id): string => this.hot.prefix + view.key(id);
    return {
      view,
      fullKey,
      read: (id) => this.#read(view, fullKey(id), id),
      refresh: (id) => {
        const key = fullKey(id);
        return this.track(this.#refreshing.join(key, () => this.#correct(view, key, id)));
      },
    };
  }

  /** What Redis does not acknowledge makes the keys doubtful. */
  async doubting<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isHotError(error)) this.#options.doubted.add(keys);
      throw error;
    }
  }

  place(placed: readonly Placed[], lifeMs: number | undefined): Promise<void> {
    const keys = placed.map(({ key }) => key);
    return this.doubting(keys, () => this.hot.projections.place(placed, this.#endOf(lifeMs)));
  }

  #endOf(lifeMs: number | undefined): number | undefined {
    return lifeMs === undefined ? undefined : this.#options.clock().getTime() + lifeMs;
  }

  track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    void work.catch(ignore).then(() => this.#running.delete(work));
    return work;
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Keys in this process know nothing of what other processes write to a PostgreSQL that they share. */
  get #isOnlyOurs(): boolean {
    return this.hot.kind === 'in-process' && this.#options.durable.kind === 'server';
  }

  async #read<Id>(view: View<Id>, key: string, id: Id): Promise<ProjectionContent | undefined> {
    const { durable, doubted } = this.#options;
    // A write of this process that is on its way there is seen by whoever reads after it.
    const pending = this.#refreshing.last(key);
    if (pending !== undefined) await pending.catch(ignore);
    if (this.#isOnlyOurs || doubted.has(key) || this.hot.state().state === 'down')
      return (await view.build(durable, id))?.content;
    try {
      return (await this.hot.projections.read(key)) ?? (await this.#fill(view, key, id))?.content;
    } catch (error) {
      if (!isHotError(error)) throw error;
      return (await view.build(durable, id))?.content;
    }
  }

  /** For a reader: whatever comes in between, what PostgreSQL had is the answer. */
  async #fill<Id>(view: View<Id>, key: string, id: Id): Promise<Built | undefined> {
    const epoch = await this.hot.projections.begin(key, this.#options.settings.buildMs);
    const built = await view.build(this.#options.durable, id);
    if (built !== undefined) await this.#replace(view, key, epoch, built);
    return built;
  }

  /** For a writer: in the end the key holds what was committed, or is gone. */
  #correct<Id>(view: View<Id>, key: string, id: Id): Promise<void> {
    return this.doubting([key], async () => {
      for (let tries = 0; tries < this.#options.settings.tries; tries += 1) {
        const epoch = await this.hot.projections.begin(key, this.#options.settings.buildMs);
        const built = await view.build(this.#options.durable, id);
        if (built === undefined) break;
        if (await this.#replace(view, key, epoch, built)) return;
      }
      await this.hot.projections.drop(key);
    });
  }

  #replace<Id>(view: View<Id>, key: string, epoch: string, built: Built): Promise<boolean> {
    const expiresAtMs = built.expiresAtMs ?? this.#endOf(view.lifeMs);
    return this.hot.projections.replace(key, epoch, built.content, expiresAtMs);
  }
}

/** Whoever waits for the work gets its error. */
function ignore(): void {}
