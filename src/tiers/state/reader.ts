import { isHotError } from '../hot/index.ts';
import type { HotTier, Standing, StandingState } from '../hot/index.ts';
import type { Queue } from './queue.ts';
import type { Rows } from './rows.ts';
import type { HotStateSettings } from './settings.ts';
import { type Content, isLive, type Name, newest } from './state.ts';
import type { Unbelieved } from './unbelieved.ts';
import type { VersionClock } from './version-clock.ts';
import type { Writer } from './writer.ts';

export interface ReaderOptions {
  readonly hot: HotTier;
  readonly rows: Rows;
  readonly queue: Queue;
  readonly unbelieved: Unbelieved;
  readonly versions: VersionClock;
  readonly writer: Writer;
  readonly settings: HotStateSettings;
  readonly nowMs: () => number;
}

/**
 * The newest of what Redis, the queue of this process and PostgreSQL have. PostgreSQL is asked when Redis has nothing, is away, or
 * has something that may be older; what it knows goes back into Redis, unless somebody wrote meanwhile.
 */
export class Reader {
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /**
   * @returns also a deletion, and what has expired: it is for the caller to look
   * @throws the error of PostgreSQL when it would have to be asked
   */
  async read(name: Name): Promise<Content | undefined> {
    const standing = await this.#stands(name);
    const content = await this.#newest(name, standing);
    if (content !== undefined) this.#options.versions.saw(content.version);
    return content;
  }

  async #newest(name: Name, standing: Standing | 'away' | undefined): Promise<Content | undefined> {
    const { queue } = this.#options;
    if (standing === 'away') return (await this.#ask(name, undefined)).known;
    if (this.#isGood(standing)) return newest(standing, queue.get(name.fullKey));
    return this.#load(name, standing);
  }

  async #stands(name: Name): Promise<Standing | 'away' | undefined> {
    const { hot, unbelieved } = this.#options;
    if (unbelieved.has(name.fullKey)) return 'away';
    try {
      return await hot.states.read(name.fullKey);
    } catch (error) {
      if (isHotError(error)) return 'away';
      throw error;
    }
  }

  /** Whether a state of Redis may be given without asking PostgreSQL. */
  #isGood(standing: Standing | undefined): standing is StandingState {
    const { writer } = this.#options;
    if (standing === undefined || standing.kind === 'claim' || !standing.believed) return false;
    // With PostgreSQL away nothing can be compared.
    return writer.failing || !this.#isDue(standing);
  }

  #isDue({ version, confirmedAtMs }: StandingState): boolean {
    const { settings, unbelieved, versions } = this.#options;
    const unconfirmed = confirmedAtMs === 0;
    const sinceMs = unconfirmed ? version / 1_000 : confirmedAtMs;
    if (sinceMs <= unbelieved.beforeMs) return true;
    return unconfirmed
      ? versions.now() / 1_000 - sinceMs > settings.unconfirmedMs
      : Math.abs(Date.now() - sinceMs) > settings.trustMs;
  }

  /** What the queue and PostgreSQL have; `durable` is what of that PostgreSQL has. */
  async #ask(name: Name, standing: StandingState | undefined): Promise<Asked> {
    const { queue, rows } = this.#options;
    // Before PostgreSQL is asked: what is flushed meanwhile is not missed.
    const queued = queue.get(name.fullKey);
    try {
      const durable = await rows.read(name);
      return { known: newest(durable, queued), durable, answered: true };
    } catch (error) {
      if (queued === undefined && standing?.believed !== true) throw error;
      return { known: queued, durable: undefined, answered: false };
    }
  }

  async #load(name: Name, found: Standing | undefined): Promise<Content | undefined> {
    const { expected, state } = await this.#placeFor(name, found);
    if (state !== found && this.#isGood(state)) return newest(state, this.#options.queue.get(name.fullKey));
    const { known, durable, answered } = await this.#ask(name, state);
    const best = newest(known, state);
    if (!answered || best === undefined) return best;
    if (best === state) this.#adopt(name, best);
    if (expected !== undefined) await this.#fill(name, expected, best, best === durable ? Date.now() : 0);
    return best;
  }

  /** PostgreSQL never had it, and should by now: the process that wrote it may have been killed. */
  #adopt(name: Name, { kind, version, body, expiresAtMs }: Content): void {
    const { queue, writer } = this.#options;
    if (queue.isFull) return;
    queue.add(name, { kind, version, body, expiresAtMs });
    writer.wake();
  }

  /** What has to stand in Redis still for the answer to be put there; undefined: it is not. */
  async #placeFor(
    name: Name,
    found: Standing | undefined,
  ): Promise<{ expected: string | undefined; state: StandingState | undefined }> {
    const { hot, settings } = this.#options;
    let standing = found;
    try {
      if (standing === undefined) {
        const claim = await hot.states.claim(name.fullKey, settings.claimMs);
        if (claim.kind === 'claimed') return { expected: claim.version, state: undefined };
        standing = claim;
      }
    } catch (error) {
      if (!isHotError(error)) throw error;
    }
    if (standing === undefined || standing.kind === 'claim') return { expected: undefined, state: undefined };
    return { expected: standing.token, state: standing };
  }

  async #fill(name: Name, expected: string, content: Content, confirmedAtMs: number): Promise<void> {
    const { hot, nowMs } = this.#options;
    if (content.kind === 'value' && !isLive(content, nowMs())) return;
    try {
      const { kind, version, body, expiresAtMs } = content;
      await hot.states.fill(name.fullKey, expected, { kind, version, body, expiresAtMs, confirmedAtMs });
    } catch (error) {
      if (!isHotError(error)) throw error; // Redis is away again: the next read finds out.
    }
  }
}

interface Asked {
  readonly known: Content | undefined;
  readonly durable: Content | undefined;
  /** False: PostgreSQL is away. */
  readonly answered: boolean;
}
