import { members, readDocument, scalar } from '../../legacy/json-files/document.ts';
import { StockroomError } from '../../core/errors.ts';
import type { FoundFile } from '../../legacy/walk.ts';
import type { Alteration, FileContext, SourceRow } from '../source.ts';
import { defineSource, json, key, time } from '../source.ts';
import { toMicros } from '../values/coerce.ts';
import { storableText } from '../values/json-repair.ts';
import { compareBytes } from '../values/order.ts';
import { MICROS_PER_MINUTE, parseTime, timeText } from '../values/time.ts';

const DEFAULT_HOURS = 6;
/** Ten years: what claims to live longer, or for no number of hours, lives for the default. */
const MAX_HOURS = 87_600;

/** One row a symbol; the whole file has one time, from which its time to live counts. */
export const globalScores = defineSource({
  id: 'global_scores',
  store: 'scores',
  table: 'hot_state',
  family: 'scores',
  identity: 'legacy_key',
  uniqueKey: true,
  ofWholeFile: ['created_at', 'expires_at'],
  keepsExtra: false,
  files: { rowsPerFile: 'many', rows: readScores },
  columns: [
    key('symbol', { target: 'key' }),
    json('score', { target: 'value' }),
    time('timestamp', { target: 'created_at', required: true }),
    time('expires_at', { ahead: true }),
  ],
});

function readScores(file: FoundFile, context: FileContext): SourceRow[] {
  const document = readDocument(file.absolute);
  const found = new Map(members(document.text) ?? []);
  const scores = members(found.get('scores') ?? '');
  if (scores === null) {
    throw new StockroomError(
      'SOURCE_UNREADABLE',
      'expected {timestamp, ttl_hours, scores}, found no such JSON',
      {
        details: { file: file.path },
      },
    );
  }
  const stamp = scalar(found.get('timestamp'));
  const forced = context.timezones.get('timestamp') ?? null;
  const altered: Alteration[] = [];
  const readable = typeof stamp === 'string' && parseTime(stamp) !== null;
  const created = readable
    ? toMicros(stamp, 'UTC', forced, (reason) =>
        altered.push({ column: 'timestamp', bytes: Buffer.from(stamp), reason }),
      )
    : null;
  const stated = Number(scalar(found.get('ttl_hours')) ?? DEFAULT_HOURS);
  const hours = stated >= 0 && stated <= MAX_HOURS ? stated : DEFAULT_HOURS;
  const expires = created === null ? null : created + Math.round(hours * 60 * MICROS_PER_MINUTE);
  if (!document.valid) altered.push({ column: 'score', bytes: document.bytes, reason: 'INVALID_UTF8' });
  return scores
    .map(([symbol, score]) => ({
      key: storableText(symbol),
      values: [
        symbol,
        score,
        created === null ? stamp : timeText(created),
        expires === null ? null : timeText(expires),
      ],
      extra: null,
      expired: expires !== null && expires <= context.nowMicros,
      original: () => Buffer.from(`{${JSON.stringify(symbol)}: ${score}}`),
      ...(altered.length > 0 ? { altered } : {}),
    }))
    .sort((a, b) => compareBytes(a.key, b.key));
}
