/** Codes in plain words. A code that is not here is shown as it is. */
const stores: Record<string, string> = {
  'llm-costs': 'LLM costs',
  recommendations: 'Recommendations',
  'top-picks': 'Top picks',
  context: 'Context and learnings',
  'pick-log': 'Pick log',
  'support-resistance': 'Support and resistance',
  'price-history': 'Price history',
  scores: 'Global scores',
  'market-cache': 'Market cache',
  'agent-memory': 'Agent memory',
};

const quarantineReasons: Record<string, string> = {
  BAD_KEY: 'Its key cannot be used',
  DUPLICATE_KEY: 'Another row has its key already',
  MALFORMED_FILE: 'The file is not of its form',
  MALFORMED_LINE: 'The line is cut or malformed',
  MISSING_VALUE: 'A value that must be there is not',
  NOT_A_BOOLEAN: 'Not true or false',
  NOT_A_DATE: 'Not a date',
  NOT_A_NUMBER: 'Not a number',
  NOT_A_TIME: 'Not a time',
  NOT_FINITE: 'An infinite number',
  NOT_INTEGER: 'Not a whole number',
  NO_TIME: 'Candles without a time',
  OUT_OF_RANGE: 'Out of the range of its column',
};

const warningTitles: Record<string, string> = {
  ALTERED: 'Loaded as the nearest value',
  CHANGED_HERE: 'Changed here since',
  CONFLICT: 'Changed on both sides',
  GONE_FROM_SOURCE: 'Gone from the source',
  OPEN_SESSION: 'Candles of an open session left out',
  ORPHAN: 'Their parent is gone',
  OVERLAPPING_IDS: 'One id, two rows',
  SEVERAL_ACTIVE: 'More than one active policy',
  SOURCE_UPDATED: 'Changed at the source and applied',
  TIMESTAMP_IN_FUTURE: 'Times in the future',
  TIMESTAMP_SKEW: 'Times that lied, corrected',
  TIMEZONE_APPLIED: 'Read in the zone you gave',
};

const alterations: Record<string, string> = {
  BLOB_IN_TEXT: 'bytes in a text column',
  EMPTY_TO_NULL: 'empty text where nothing was meant',
  INVALID_UTF8: 'text that is no UTF-8',
  JSON_DUPLICATE_KEY: 'a key twice in JSON',
  JSON_LONE_SURROGATE: 'half a character in JSON',
  JSON_MALFORMED: 'malformed JSON',
  JSON_NAN: 'NaN or infinity in JSON',
  JSON_NEGATIVE_ZERO: 'minus zero in JSON',
  JSON_NUL: 'NUL in JSON',
  JSON_NUMBER_RANGE: 'a number out of range in JSON',
  JSON_TOO_DEEP: 'JSON nested too deep',
  NEGATIVE_ZERO: 'minus zero',
  NUL_IN_TEXT: 'NUL in text',
  NUMBER_IN_TEXT: 'a number in a text column',
  TEXT_IN_NUMBER: 'text in a number column',
};

const differences: Record<string, string> = {
  missing: 'it is not here',
  different: 'it holds other values here',
  unexpected: 'it is here, and no source row explains it',
};

const exits: Record<number, string> = {
  0: 'all well',
  1: 'failed',
  2: 'wrong usage',
  3: 'rows in quarantine or unreadable files',
  4: 'a difference was found',
};

export const storeName = (id: string): string => stores[id] ?? id;
export const quarantineReason = (code: string): string => quarantineReasons[code] ?? code;
export const warningTitle = (code: string): string => warningTitles[code] ?? code;
export const differenceMeaning = (kind: string): string => differences[kind] ?? kind;
export const exitMeaning = (code: number): string => exits[code] ?? `exit ${code}`;

/** The counted codes in a remark, `JSON_NAN 59`, for people. */
export function plainDetail(detail: string): string {
  return detail.replace(/\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+) (\d+)/g, (whole, code: string, times: string) => {
    const words = alterations[code];
    return words === undefined ? whole : `${words} (${times})`;
  });
}
