/** One holder at a time, in the order of asking. */
export class Turns {
  #held = false;
  readonly #queue: (() => void)[] = [];

  /**
   * Resolves to the way to give the turn back, or to undefined when it did not come within `timeoutMs`.
   */
  take(timeoutMs: number): Promise<(() => void) | undefined> {
    if (!this.#held) {
      this.#held = true;
      return Promise.resolve(() => this.#next());
    }
    return new Promise((resolve) => {
      const granted = (): void => {
        clearTimeout(timer);
        resolve(() => this.#next());
      };
      const timer = setTimeout(() => {
        this.#queue.splice(this.#queue.indexOf(granted), 1);
        resolve(undefined);
      }, timeoutMs);
      this.#queue.push(granted);
    });
  }

  #next(): void {
    const granted = this.#queue.shift();
    if (granted === undefined) this.#held = false;
    else granted();
  }
}
