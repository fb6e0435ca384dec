import { textBytes } from './bytes.ts';

/** A set of texts. */
export class Members {
  readonly kind = 'set';
  readonly #members = new Set<string>();
  #bytes = 0;

  constructor(members: readonly string[]) {
    for (const member of members) this.include(member);
  }

  /** An estimate. */
  get bytes(): number {
    return this.#bytes;
  }

  all(): string[] {
    return [...this.#members];
  }

  include(member: string): void {
    if (this.#members.has(member)) return;
    this.#members.add(member);
    this.#bytes += textBytes(member);
  }

  exclude(member: string): void {
    if (this.#members.delete(member)) this.#bytes -= textBytes(member);
  }
}
