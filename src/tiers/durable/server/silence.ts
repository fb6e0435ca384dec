/** Once the server is found silent it is asked this often whether it answers again. */
const ASK_AGAIN_MS = 1_000;

/** A connection while it is lent out, as the watch sees it. */
export interface Watched {
  /** Which session of the server it is, once the server has said so. */
  readonly backend: string | undefined;
  /** Whether an answer is waited for. */
  readonly waiting: boolean;
  /** Bytes that came and went so far. */
  readonly traffic: number;
  /** Ends it, with this error for whoever waits. */
  cut(cause: Error): void;
}

/**
 * Which of these sessions the server has; `undefined`: all that can be said is that it answers.
 * @throws when nothing answers
 */
export type Ask = (backends: readonly string[]) => Promise<ReadonlySet<string> | undefined>;

/** What was last seen of a connection, and since when it is so. */
interface Seen {
  traffic: number;
  since: number;
}

/**
 * Ends connections whose server has gone without a word: a frozen host, a primary that another has taken over from, a firewall that
 * forgot them. TCP notices that after a quarter of an hour, or never. A statement may take as long as it likes: over another
 * connection the server is asked whether it still works for the silent one.
 */
export class SilenceWatch {
  readonly #ask: Ask;
  readonly #silentMs: number;
  readonly #watched = new Map<Watched, Seen>();
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  #silent = false;
  #lastCut = 0;
  #closed = false;

  constructor(ask: Ask, silentMs: number) {
    this.#ask = ask;
    this.#silentMs = silentMs;
  }

  /** The server was asked and answered nothing; it is asked again until it does. */
  get serverIsSilent(): boolean {
    return this.#silent;
  }

  /** When a connection was ended last, in ms of `performance.now`: those from before, which nobody uses now, lead where it led. */
  get lastCut(): number {
    return this.#lastCut;
  }

  add(connection: Watched): void {
    this.#watched.set(connection, { traffic: connection.traffic, since: performance.now() });
    this.#plan();
  }

  remove(connection: Watched): void {
    this.#watched.delete(connection);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #plan(): void {
    const wanted = this.#silent || this.#watched.size > 0;
    if (this.#closed || this.#asking || this.#timer !== undefined || !wanted) return;
    const ms = this.#silent ? ASK_AGAIN_MS : this.#silentMs / 4;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#look();
    }, ms).unref();
  }

  async #look(): Promise<void> {
    const suspects = this.#suspects();
    if (this.#silent || suspects.length > 0) {
      this.#asking = true;
      await this.#judge(suspects);
      this.#asking = false;
    }
    this.#plan();
  }

  #suspects(): Watched[] {
    const now = performance.now();
    return [...this.#watched].flatMap(([connection, seen]) => {
      if (!this.#isStill(connection)) {
        seen.traffic = connection.traffic;
        seen.since = now;
      }
      return now - seen.since >= this.#silentMs ? [connection] : [];
    });
  }

  async #judge(suspects: readonly Watched[]): Promise<void> {
    const known = suspects.flatMap(({ backend }) => backend ?? []);
    let living: ReadonlySet<string> | undefined;
    try {
      living = await this.#ask(known);
      this.#silent = false;
    } catch (error) {
      this.#silent = true;
      return this.#cut(suspects, 'and the server does not answer at all', error);
    }
    const isLost = ({ backend }: Watched): boolean =>
      living !== undefined && (backend === undefined || !living.has(backend));
    this.#cut(suspects.filter(isLost), 'and the server does not know of it any more');
    // For the others another silence begins: the server is not asked all the time that a statement takes.
    for (const suspect of suspects) {
      const seen = this.#watched.get(suspect);
      if (seen !== undefined) seen.since = performance.now();
    }
  }

  #cut(connections: readonly Watched[], why: string, cause?: unknown): void {
    const message = `nothing came over it for ${this.#silentMs / 1_000} s, ${why}`;
    for (const connection of connections) {
      // The answer may have come while the server was asked.
      if (!this.#isStill(connection)) continue;
      this.#lastCut = performance.now();
      connection.cut(new Error(message, { cause }));
    }
  }

  #isStill(connection: Watched): boolean {
    return connection.waiting && this.#watched.get(connection)?.traffic === connection.traffic;
  }
}
