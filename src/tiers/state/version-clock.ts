/** A sample is replaced after so long even by one that took longer to arrive: clocks drift. */
const SAMPLE_MICROS = 60_000_000;

/**
 * Makes versions: microseconds since 1970 by PostgreSQL's clock, which all processes have in common, and always above every
 * version that this process has seen (a hybrid logical clock). So who writes after having seen a write has the higher version
 * whatever the clocks say, and two writes that know nothing of one another are in order but for the time a round trip takes.
 */
export class VersionClock {
  #last = 0;
  /** PostgreSQL's clock when its answer arrived, and ours. */
  #sample: { readonly aheadMicros: number; readonly at: number } | undefined;

  /** A version stands somewhere. */
  saw(version: number): void {
    if (version > this.#last && Number.isSafeInteger(version)) this.#last = version;
  }

  /** PostgreSQL's clock, asked for by the statement that was just answered. Of several the one least delayed counts. */
  told(micros: number): void {
    const at = ownMicros();
    const aheadMicros = micros - at;
    const known = this.#sample;
    if (known === undefined || aheadMicros >= known.aheadMicros || at - known.at > SAMPLE_MICROS) {
      this.#sample = { aheadMicros, at };
    }
  }

  /** The time in microseconds: PostgreSQL's as far as it is known, else ours. */
  now(): number {
    return Math.floor(ownMicros() + (this.#sample?.aheadMicros ?? 0));
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, this.now());
    return this.#last;
  }
}

/** Of a clock that nobody sets. */
function ownMicros(): number {
  return (performance.timeOrigin + performance.now()) * 1_000;
}
