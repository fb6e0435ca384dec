import { generalCache } from '../../sources/general-cache.ts';
import type { LoadedTuple } from '../table-back.ts';
import type { Built, FileBack } from './file-back.ts';
import { fileStyle } from './file-style.ts';
import { editObject, encoded, valueOf, wholeObject } from './object-text.ts';
import { placed } from './places.ts';
import { loadedOf, memberChange } from './value-text.ts';

const [KEY, DATA, TIMESTAMP] = [0, 1, 2];
const usual = { example: '{"timestamp": "", "data": null}', indent: '  ' };

/** `cache/<key>.json`: `{timestamp, data}`; `:` and `/` of a key are `_` in the file's name. */
export const generalCacheBack: FileBack = {
  source: generalCache,
  // What follows from the file's name, which several keys can have, and from the timestamp.
  besides: ['key', 'expires_at'],
  placeOf(tuple, existing) {
    const name = `${String(tuple.values[KEY]).replaceAll(/[:/]/g, '_')}.json`;
    const path = placed('cache', name, existing);
    return { path, key: path };
  },
  build({ document, changes, context }) {
    const tuple = changes[0]!.tuple!;
    const text = document !== null && wholeObject(document) !== null ? document : '{}';
    const span = wholeObject(text)!;
    const style = fileStyle(generalCache, text === '{}' ? [] : [text], usual);
    const writing = { style, zones: context.timezones, depth: 1, anew: context.anew === true };
    const edits = new Map<string, string | null>();
    for (const index of [TIMESTAMP, DATA]) {
      const column = generalCache.columns[index]!;
      const present = valueOf(text, span, column.name);
      const change = memberChange(column, tuple, tuple.values[index]!, present, writing);
      if (change !== undefined) edits.set(column.name, change === null ? null : encoded(change));
    }
    return [...wholeOriginals(tuple), { document: editObject(text, span, edits, style.layout) }];
  },
  /** Several keys have one file's name; the old application kept what was written last. */
  outranks(present, tuple, { timezones }) {
    const stamp = present.values[TIMESTAMP] ?? null;
    const written = loadedOf(generalCache.columns[TIMESTAMP]!, stamp, timezones);
    return typeof written === 'bigint' && written > (tuple.values[TIMESTAMP] as bigint);
  },
};

/** The bytes of a whole file that were kept. */
export function wholeOriginals(tuple: LoadedTuple): Built[] {
  return [...tuple.originals.values()]
    .filter(({ reason }) => reason === 'INVALID_UTF8' || reason === 'EXTRA_MEMBERS')
    .map(({ bytes }) => ({ document: Buffer.from(bytes).toString('latin1') }));
}
