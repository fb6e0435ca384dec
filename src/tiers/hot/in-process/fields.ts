import { textBytes } from './bytes.ts';

/** Texts by the name of their field. */
export class Fields {
  readonly kind = 'hash';
  readonly #texts = new Map<string, string>();
  #bytes = 0;

  constructor(fields: Readonly<Record<string, string>> = {}) {
    this.setAll(fields);
  }

  /** An estimate. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#texts.size;
  }

  get(field: string): string | undefined {
    return this.#texts.get(field);
  }

  all(): Record<string, string> {
    return Object.fromEntries(this.#texts);
  }

  set(field: string, text: string): void {
    this.remove(field);
    this.#texts.set(field, text);
    this.#bytes += textBytes(field, text);
  }

  setAll(fields: Readonly<Record<string, string>>): void {
    for (const [field, text] of Object.entries(fields)) this.set(field, text);
  }

  remove(field: string): void {
    const text = this.#texts.get(field);
    if (text === undefined) return;
    this.#texts.delete(field);
    this.#bytes -= textBytes(field, text);
  }
}
