import { basename } from 'node:path';
import { StockroomError } from '../../core/errors.ts';
import { members, readDocument, scalar } from '../../legacy/json-files/document.ts';
import type { FoundFile } from '../../legacy/walk.ts';
import type { SourceRow } from '../source.ts';
import { defineSource, json, key, time } from '../source.ts';
import { storableText } from '../values/json-repair.ts';
import { compareBytes } from '../values/order.ts';

/** One row a preference; the user is in the file's name. */
export const memoryPreferences = defineSource({
  id: 'memory_preferences',
  store: 'agent-memory',
  table: 'memory_preferences',
  identity: 'legacy_key',
  uniqueKey: true,
  files: { rowsPerFile: 'many', rows: readPreferences },
  columns: [key('user_id'), key('pref_key'), json('value'), time('updated_at')],
});

const notAPreference = {
  reason: 'MALFORMED_PREFERENCE',
  column: 'value',
  detail: 'expected {value, updated_at}, found no value',
};

function readPreferences(file: FoundFile): SourceRow[] {
  const document = readDocument(file.absolute);
  const list = members(document.text);
  if (list === null) {
    throw new StockroomError(
      'SOURCE_UNREADABLE',
      'expected {pref_key: {value, updated_at}}, found no such JSON',
      {
        details: { file: file.path },
      },
    );
  }
  const user = basename(file.path)
    .replace(/^user_/, '')
    .replace(/\.json$/, '');
  return list
    .map(([name, slice]) => {
      const parts = new Map(members(slice) ?? []);
      const extra = [...parts].filter(([part]) => part !== 'value' && part !== 'updated_at');
      return {
        key: storableText(name),
        values: [user, name, parts.get('value') ?? null, scalar(parts.get('updated_at'))],
        extra: extra.length === 0 ? null : new Map(extra.map(([part, value]) => [part, scalar(value)])),
        original: () => Buffer.from(`{${JSON.stringify(name)}: ${slice}}`),
        ...(parts.has('value') ? {} : { rejected: notAPreference }),
        ...(document.valid
          ? {}
          : { altered: [{ column: 'value', bytes: document.bytes, reason: 'INVALID_UTF8' }] }),
      };
    })
    .sort((a, b) => compareBytes(a.key, b.key));
}
