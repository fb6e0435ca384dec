import { basename } from 'node:path';
import { members, readDocument, scalar } from '../../legacy/json-files/document.ts';
import type { FoundFile } from '../../legacy/walk.ts';
import type { RawValue, SourceRow } from '../source.ts';
import { defineSource, integer, json, text, time } from '../source.ts';
import { countPicks } from './top-picks-runs.ts';

/** One row a file: a payload as the engine wrote it. Its own time is India's, that in the file's name UTC. */
export const pickArchive = defineSource({
  id: 'pick_archive',
  store: 'top-picks',
  table: 'pick_archive',
  identity: 'legacy_source',
  keepsExtra: false,
  files: { rowsPerFile: 'one', rows: (file) => [readPicks(file)] },
  columns: [
    text('universe'),
    text('mode'),
    time('as_of', { target: 'generated_at', zone: 'Asia/Kolkata' }),
    text('run_id'),
    integer('picks_count'),
    json('payload', { required: true }),
  ],
});

function readPicks(file: FoundFile): SourceRow {
  const document = readDocument(file.absolute);
  const list = members(document.text);
  const found = new Map(list ?? []);
  const name = /^picks_(.+)_([^_]+)_(\d{4})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})\.json$/.exec(
    basename(file.path),
  );
  const [, universe = null, mode = null, ...clock] = name ?? [];
  const named = name ? `${clock.slice(0, 3).join('-')}T${clock.slice(3).join(':')}+00:00` : null;
  const first = (...values: RawValue[]): RawValue =>
    values.find((value) => value !== null && value !== '') ?? null;
  return {
    key: file.path,
    values: [
      first(scalar(found.get('universe')), universe),
      first(scalar(found.get('mode')), mode),
      first(scalar(found.get('as_of')), scalar(found.get('generated_at')), named),
      scalar(found.get('run_id')),
      countPicks(document.text),
      document.text,
    ],
    extra: null,
    original: () => document.bytes,
    ...(document.valid
      ? {}
      : { altered: [{ column: 'payload', bytes: document.bytes, reason: 'INVALID_UTF8' }] }),
    ...(list === null
      ? {
          rejected: {
            reason: 'MALFORMED_FILE',
            column: null,
            detail: 'expected a payload of picks, found no JSON object',
          },
        }
      : {}),
  };
}
