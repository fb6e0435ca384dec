/** From its so manieth run on a statement is a prepared one: one that runs seldom costs every connection memory for nothing. */
const RUNS_BEFORE = 5;
/** Each costs the server some tens of kilobytes a connection. */
const NAMED_MAX = 128;
/** Texts that are counted at once: those that are made anew for every call shall not fill the memory. */
const COUNTED_MAX = 1_000;
const LENGTH_MAX = 20_000;

/**
 * Which statements are parsed once a connection and then run by their name, planned anew for each run only where PostgreSQL finds that
 * worth it. They are known by their text.
 */
export class PreparedNames {
  readonly #names = new Map<string, string>();
  readonly #runs = new Map<string, number>();
  readonly #unfit = new Set<string>();
  #made = 0;

  /** Counts a run. @returns undefined when it is to run without a name */
  nameOf(sql: string): string | undefined {
    const name = this.#names.get(sql);
    if (name !== undefined) return name;
    if (this.#made >= NAMED_MAX || sql.length > LENGTH_MAX || this.#unfit.has(sql)) return undefined;
    const runs = (this.#runs.get(sql) ?? 0) + 1;
    if (runs < RUNS_BEFORE) {
      if (this.#runs.size >= COUNTED_MAX) this.#runs.clear();
      this.#runs.set(sql, runs);
      return undefined;
    }
    this.#runs.delete(sql);
    this.#made += 1;
    const made = `stockroom_${this.#made}`;
    this.#names.set(sql, made);
    return made;
  }

  /** Its columns have other types than when it was prepared: it has no name any more. */
  retire(sql: string): void {
    this.#names.delete(sql);
    this.#unfit.add(sql);
  }
}
