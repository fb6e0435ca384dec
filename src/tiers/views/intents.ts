import { pause } from '../../core/wait.ts';
import type { DurableTier, Session } from '../durable/index.ts';
import type { HotTier } from '../hot/index.ts';
import { EVERY_KEY } from './every-key.ts';
import type { ViewSettings } from './settings.ts';

/**
 * The keys that committed writes make wrong, noted in the transactions themselves: so no crash between the commit and the correction
 * in Redis leaves a wrong key there for longer than `intentMs` + `sweepMs`.
 */
export class Intents {
  readonly #hot: HotTier;
  readonly #durable: DurableTier;
  readonly #settings: ViewSettings;
  readonly #everyKey: () => AsyncIterable<string>;
  #settled: string[] = [];
  #removing: Promise<void> | undefined;
  readonly #closing = new AbortController();
  readonly #sweeping: Promise<void>;

  /** @param everyKey the keys of all views that stand in Redis */
  constructor(
    hot: HotTier,
    durable: DurableTier,
    settings: ViewSettings,
    everyKey: () => AsyncIterable<string>,
  ) {
    this.#hot = hot;
    this.#durable = durable;
    this.#settings = settings;
    this.#everyKey = everyKey;
    this.#sweeping = this.#isNeeded ? this.#sweepOften() : Promise.resolve();
  }

  /** Copies in the process end with it. */
  get #isNeeded(): boolean {
    return this.#hot.kind === 'redis';
  }

  /** @returns its id; undefined where none is needed */
  async note(session: Session, keys: readonly string[]): Promise<string | undefined> {
    if (!this.#isNeeded || keys.length === 0) return undefined;
    const { rows } = await session.query<{ id: bigint }>(
      'insert into view_intents (keys) values ($1::text[]) returning id',
      [keys],
    );
    return String(rows[0]!.id);
  }

  /** The keys are right. Rows that cannot be removed now are swept later, which costs a build. */
  settle(id: string): void {
    this.#settled.push(id);
    this.#removing ??= this.#remove();
  }

  /** Drops the keys of writes whose process died, or lost Redis. @returns how many writes */
  async sweep(): Promise<number> {
    return this.#durable.transaction(async (session) => {
      const { rows } = await session.query<{ keys: string }>(
        `delete from view_intents where id in (
           select id from view_intents where created_at < now() - make_interval(secs => $1)
           order by id limit $2 for update skip locked)
         returning array_to_json(keys)::text as keys`,
        [this.#settings.intentMs / 1_000, this.#settings.sweepMax],
      );
      const keys = new Set(rows.flatMap((row) => JSON.parse(row.keys) as string[]));
      if (keys.delete(EVERY_KEY)) for await (const key of this.#everyKey()) keys.add(key);
      // The rows stay, through the rollback, when Redis does not acknowledge.
      await Promise.all([...keys].map((key) => this.#hot.projections.drop(key)));
      return rows.length;
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#sweeping;
    await this.#removing;
  }

  async #remove(): Promise<void> {
    while (this.#settled.length > 0) {
      await pause(this.#settings.removeMs, this.#closing.signal);
      const ids = this.#settled.splice(0);
      try {
        await this.#durable.query('delete from view_intents where id = any($1::bigint[])', [ids]);
      } catch {
        // PostgreSQL is away, which its own callers learn: the sweep removes these later.
      }
    }
    // In the step that saw that nothing is left: what is settled later begins another removal.
    this.#removing = undefined;
  }

  async #sweepOften(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await pause(this.#settings.sweepMs, signal);
      if (signal.aborted || this.#hot.state().state === 'down') continue;
      try {
        while ((await this.sweep()) === this.#settings.sweepMax && !signal.aborted);
      } catch {
        // One of the tiers is away, which its channels tell; the next sweep finds the same rows.
      }
    }
  }
}
