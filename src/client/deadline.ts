/** A bound on waiting that can be set again, together with the caller's own signal. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #timeoutMs: number;
  readonly #own = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endsAtMs = 0;

  constructor(timeoutMs: number, given?: AbortSignal) {
    this.#timeoutMs = timeoutMs;
    this.signal = given === undefined ? this.#own.signal : AbortSignal.any([this.#own.signal, given]);
  }

  /** From now on `timeoutMs`. */
  start(): void {
    this.stop();
    this.#endsAtMs = performance.now() + this.#timeoutMs;
    this.#timer = setTimeout(() => this.#own.abort(), this.#timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  get isOver(): boolean {
    return this.#own.signal.aborted;
  }

  get leftMs(): number {
    return this.#endsAtMs - performance.now();
  }

  /** Waits, or less when the signal is aborted meanwhile. */
  async pause(ms: number): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    });
  }
}
