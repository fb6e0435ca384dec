import type { Param } from '../../../tiers/durable/index.ts';

/** The parameters of a statement that is being written; each method gives the place of one, with its type. */
export class Statement {
  readonly params: Param[] = [];

  text(value: string): string {
    return this.#add(value, 'text');
  }

  texts(values: readonly string[]): string {
    return this.#add(values, 'text[]');
  }

  json(text: string): string {
    return this.#add(text, 'jsonb');
  }

  bigint(value: bigint): string {
    return this.#add(value, 'bigint');
  }

  /** NaN is null: PostgreSQL would take it for the highest number. */
  numeric(value: number): string {
    return this.#add(Number.isNaN(value) ? null : String(value), 'numeric');
  }

  integer(value: number): string {
    return this.#add(value, 'bigint');
  }

  time(value: Date): string {
    return this.#add(value, 'timestamptz');
  }

  #add(value: Param, type: string): string {
    this.params.push(value);
    return `$${this.params.length}::${type}`;
  }
}
