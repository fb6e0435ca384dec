interface Run<T> {
  readonly running: Promise<T>;
  /** Begins when `running` is over, for everybody who came meanwhile. */
  next: Promise<T> | undefined;
}

/**
 * Work that many ask for at once, by a key: one run at a time, and one more for all who came while it ran. Each caller gets the
 * result of a run that began after the call, so nobody is given what was looked up before.
 */
export class Relay<T> {
  readonly #runs = new Map<string, Run<T>>();

  join(key: string, work: () => Promise<T>): Promise<T> {
    const current = this.#runs.get(key);
    if (current === undefined) return this.#start(key, work);
    const again = (): Promise<T> => this.#start(key, work);
    current.next ??= current.running.then(again, again);
    return current.next;
  }

  /** The last run of a key that anybody waits for. */
  last(key: string): Promise<T> | undefined {
    const current = this.#runs.get(key);
    return current?.next ?? current?.running;
  }

  #start(key: string, work: () => Promise<T>): Promise<T> {
    const running = work().finally(() => {
      const current = this.#runs.get(key);
      if (current?.running === running && current.next === undefined) this.#runs.delete(key);
    });
    this.#runs.set(key, { running, next: undefined });
    return running;
  }
}
