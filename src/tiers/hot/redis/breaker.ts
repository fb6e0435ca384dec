import type { BreakerState } from '../port.ts';

export interface BreakerSettings {
  readonly breakerFailures: number;
  readonly breakerMinMs: number;
  readonly breakerMaxMs: number;
}

type State =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly openMs: number; readonly until: number }
  | { readonly kind: 'half-open'; readonly openMs: number };

const closed: State = Object.freeze({ kind: 'closed', failures: 0 });

/**
 * Keeps callers from waiting for a server that does not answer in time. Failures in a row open it; when its time is over
 * one probe decides. Probes are the heartbeats of the connection: no caller is used for one.
 */
export class Breaker {
  readonly #settings: BreakerSettings;
  readonly #changed: (state: BreakerState) => void;
  #state: State = closed;

  constructor(settings: BreakerSettings, changed: (state: BreakerState) => void) {
    this.#settings = settings;
    this.#changed = changed;
  }

  get state(): BreakerState {
    return this.#state.kind;
  }

  /** Whether callers may be sent to the server. */
  get closed(): boolean {
    return this.#state.kind === 'closed';
  }

  succeeded(): void {
    const state = this.#state;
    if (state.kind === 'closed' && state.failures > 0) this.#state = closed;
  }

  /** A call failed, or took too long. @param now of `performance.now()` */
  failed(now: number): void {
    const state = this.#state;
    if (state.kind !== 'closed') return;
    const failures = state.failures + 1;
    if (failures < this.#settings.breakerFailures) this.#state = { kind: 'closed', failures };
    else this.#open(this.#settings.breakerMinMs, now);
  }

  /** Asks to send a probe. @returns true when its outcome is wanted: then `probed` has to be called */
  probe(now: number): boolean {
    const state = this.#state;
    if (state.kind !== 'open' || now < state.until) return false;
    this.#move({ kind: 'half-open', openMs: state.openMs });
    return true;
  }

  probed(ok: boolean, now: number): void {
    const state = this.#state;
    if (state.kind !== 'half-open') return;
    if (ok) this.#move(closed);
    else this.#open(Math.min(state.openMs * 2, this.#settings.breakerMaxMs), now);
  }

  /** A new connection is a new start. */
  reset(): void {
    if (this.#state.kind === 'closed') this.#state = closed;
    else this.#move(closed);
  }

  #open(openMs: number, now: number): void {
    this.#move({ kind: 'open', openMs, until: now + openMs });
  }

  #move(state: State): void {
    this.#state = state;
    this.#changed(state.kind);
  }
}
