/** A call that waits for its answer. */
export interface Call {
  /** It was settled: nothing more may be done with it. */
  done: boolean;
  /** It was counted as slow. */
  slow: boolean;
  readonly since: number;
  readonly reject: (error: Error) => void;
  /** What has to follow it when it is given up. */
  readonly behind: readonly string[] | undefined;
  before: Call | undefined;
  next: Call | undefined;
}

export interface DeadlineSettings {
  readonly timeoutMs: number;
  readonly slowMs: number;
}

/**
 * The deadlines of all calls to one server. They wait equally long, so they end in the order in which they began: a list and
 * one ticking timer are enough, where a timer a call costs more than the call. Time is counted in ticks; while the process
 * is busy none passes, since an answer may be waiting to be read.
 */
export class Deadlines {
  readonly #onSlow: () => void;
  readonly #onLate: (call: Call) => Error;
  readonly #tickMs: number;
  readonly #slowTicks: number;
  readonly #lateTicks: number;
  #ticks = 0;
  #ticking = false;
  #first: Call | undefined;
  #last: Call | undefined;

  /**
   * @param onSlow called once for each call that takes longer than `slowMs`
   * @param onLate makes the error of a call that took longer than `timeoutMs`
   */
  constructor({ timeoutMs, slowMs }: DeadlineSettings, onSlow: () => void, onLate: (call: Call) => Error) {
    this.#onSlow = onSlow;
    this.#onLate = onLate;
    this.#tickMs = Math.max(2, Math.min(timeoutMs / 20, slowMs / 4));
    // A timer of so many ms takes up to one more.
    this.#slowTicks = Math.max(1, Math.floor(slowMs / (this.#tickMs + 1)));
    this.#lateTicks = Math.max(2, Math.floor(timeoutMs / (this.#tickMs + 1)));
  }

  add(reject: (error: Error) => void, behind?: readonly string[]): Call {
    const before = this.#last;
    const call: Call = {
      done: false,
      slow: false,
      since: this.#ticks,
      reject,
      behind,
      before,
      next: undefined,
    };
    if (before === undefined) this.#first = call;
    else before.next = call;
    this.#last = call;
    if (!this.#ticking) this.#tick();
    return call;
  }

  /**
   * Whoever settles a call asks here first; it is taken out at once, since what waits for a tick outlives the garbage collector's
   * young generation and costs more than all the rest. @returns false when it is settled already
   */
  settle(call: Call): boolean {
    if (call.done) return false;
    call.done = true;
    const { before, next } = call;
    if (before === undefined) this.#first = next;
    else before.next = next;
    if (next === undefined) this.#last = before;
    else next.before = before;
    return true;
  }

  /** Sockets are read between timer and sweep: an answer that came while the process was busy is no late one. */
  #tick(): void {
    this.#ticking = true;
    setTimeout(() => setImmediate(() => this.#sweep()), this.#tickMs);
  }

  #sweep(): void {
    this.#ticks += 1;
    const slow = this.#ticks - this.#slowTicks;
    for (let call = this.#first; call !== undefined && call.since <= slow; call = call.next) this.#look(call);
    this.#ticking = this.#first !== undefined;
    if (this.#ticking) this.#tick();
  }

  #look(call: Call): void {
    if (!call.slow) {
      call.slow = true;
      this.#onSlow();
    }
    if (this.#ticks - call.since < this.#lateTicks || !this.settle(call)) return;
    call.reject(this.#onLate(call));
  }
}
