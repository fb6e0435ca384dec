import { basename } from 'node:path';
import { members, readDocument, scalar } from '../../legacy/json-files/document.ts';
import type { FoundFile } from '../../legacy/walk.ts';
import type { FileContext, SourceRow } from '../source.ts';
import { defineSource, json, key, time } from '../source.ts';
import { toMicros } from '../values/coerce.ts';
import { MICROS_PER_DAY, parseTime, timeText } from '../values/time.ts';

/** A persisted copy served for up to 7 whole days: until its eighth day begins. */
const KEPT_DAYS = 8;

/** One row a file. The key is the file's name: what `:` and `/` of the old key became `_` cannot be told any more. */
export const generalCache = defineSource({
  id: 'general_cache',
  store: 'market-cache',
  table: 'hot_state',
  family: 'cache',
  identity: 'legacy_source',
  uniqueKey: true,
  keepsExtra: false,
  files: { rowsPerFile: 'one', rows: (file, context) => [readCacheFile(file, context)] },
  columns: [
    key('key'),
    json('data', { target: 'value' }),
    time('timestamp', { target: 'created_at', required: true }),
    time('expires_at', { ahead: true }),
  ],
});

function readCacheFile(file: FoundFile, context: FileContext): SourceRow {
  const document = readDocument(file.absolute);
  const list = members(document.text);
  const found = new Map(list ?? []);
  const stamp = scalar(found.get('timestamp'));
  const readable = typeof stamp === 'string' && parseTime(stamp) !== null;
  const created = readable
    ? toMicros(stamp, 'UTC', context.timezones.get('timestamp') ?? null, () => undefined)
    : null;
  const expires = created === null ? null : created + KEPT_DAYS * MICROS_PER_DAY;
  // hot_state has no place for members that nobody knows: the whole file is kept beside the row.
  const reason = !document.valid ? 'INVALID_UTF8' : found.size > 2 ? 'EXTRA_MEMBERS' : null;
  return {
    key: file.path,
    values: [
      basename(file.path).replace(/\.json$/, ''),
      found.get('data') ?? null,
      stamp,
      expires === null ? null : timeText(expires),
    ],
    extra: null,
    expired: expires !== null && expires <= context.nowMicros,
    original: () => document.bytes,
    ...(list === null
      ? {
          rejected: {
            reason: 'MALFORMED_FILE',
            column: null,
            detail: 'expected {timestamp, data}, found no JSON object',
          },
        }
      : {}),
    ...(reason === null ? {} : { altered: [{ column: 'data', bytes: document.bytes, reason }] }),
  };
}
