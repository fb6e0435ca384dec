import { LRUCache } from 'lru-cache';

/** Of texts, whose values take a few times as much. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

interface Parsed {
  readonly text: string;
  readonly value: unknown;
}

/**
 * What texts of Redis mean, for as long as the same text stands under the key: a year of candles takes longer to parse than to fetch.
 * Values are shared by all who ask, and frozen.
 */
export class ParsedTexts {
  readonly #known = new LRUCache<string, Parsed>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ text }) => Math.max(1, text.length),
  });

  /** @returns undefined when the text is not what this store writes */
  value(key: string, text: string): unknown {
    const known = this.#known.get(key);
    if (known?.text === text) return known.value;
    try {
      const value: unknown = JSON.parse(text, frozen);
      this.#known.set(key, { text, value });
      return value;
    } catch {
      // Somebody else wrote the key: PostgreSQL has what belongs there.
      return undefined;
    }
  }
}

function frozen(_: string, value: unknown): unknown {
  return Object.freeze(value);
}
