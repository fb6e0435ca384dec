import { StockroomError } from '../../core/errors.ts';
import { type Exchange, exchanges } from '../../market/index.ts';
import { checkText } from '../../tiers/state/json.ts';

/** Characters of a key or prefix. */
export const KEY_MAX = 300;
export const TAG_MAX = 200;
export const TAGS_MAX = 32;
/** A day; what is to be kept for longer is no matter of a market's hours. */
export const TTL_MAX_SECONDS = 86_400;
export const TTL_DEFAULT_SECONDS = 60;

export const regions = ['India', 'US', 'Global'] as const;
export type Region = (typeof regions)[number];

/** Whose hours a value goes by. `Global`: Monday to Friday in UTC, around the clock. */
export type Market = Exchange | 'Global';

export interface MarketChoice {
  readonly exchange?: Exchange | undefined;
  /** `India` is XNSE and `US` is XNYS. */
  readonly region?: Region | undefined;
}

export const DEFAULT_MARKET: Market = 'XNSE';

const byRegion: Readonly<Record<Region, Market>> = { India: 'XNSE', US: 'XNYS', Global: 'Global' };

/** @throws INVALID_INPUT for both at once, or what is none */
export function marketOf({ exchange, region }: MarketChoice): Market | undefined {
  if (exchange !== undefined && region !== undefined) {
    throw refused('exchange', 'an exchange or a region', 'both');
  }
  if (exchange !== undefined && !exchanges.includes(exchange)) {
    throw refused('exchange', exchanges.join(', '), exchange);
  }
  if (region === undefined) return exchange;
  if (!regions.includes(region)) throw refused('region', regions.join(', '), region);
  return byRegion[region];
}

/** @throws INVALID_INPUT */
export function checkName(what: 'key' | 'prefix' | 'tag', text: string): string {
  const max = what === 'tag' ? TAG_MAX : KEY_MAX;
  if (typeof text !== 'string' || text === '' || text.length > max) {
    throw refused(
      what,
      `text of 1 to ${max} characters`,
      typeof text === 'string' ? `${text.length}` : typeof text,
    );
  }
  checkText(text, what);
  return text;
}

/** @throws INVALID_INPUT */
export function checkTags(tags: readonly string[]): readonly string[] {
  if (!Array.isArray(tags) || tags.length > TAGS_MAX) throw refused('tags', `at most ${TAGS_MAX}`, 'more');
  return [...new Set(tags.map((tag: string) => checkName('tag', tag)))];
}

/** @throws INVALID_INPUT */
export function checkTtl(seconds: number): number {
  if (typeof seconds === 'number' && seconds > 0 && seconds <= TTL_MAX_SECONDS) return seconds;
  throw refused('ttl_seconds', `a number above 0, to ${TTL_MAX_SECONDS}`, String(seconds));
}

/** The name under which the old application kept a key as a file, and the migration its row. */
export function legacyName(text: string): string {
  return text.replaceAll(/[:/]/g, '_');
}

export function refused(field: string, expected: string, found: string): StockroomError {
  return new StockroomError('INVALID_INPUT', `${field}: expected ${expected}, found ${found}`, {
    details: { field, expected, found },
  });
}
