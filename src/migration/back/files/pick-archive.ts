import { members } from '../../../legacy/json-files/document.ts';
import { pickArchive } from '../../sources/pick-archive.ts';
import { writeJson } from '../json-form.ts';
import { sameDocument } from '../loaded.ts';
import type { LoadedTuple } from '../table-back.ts';
import { pythonForm, writeTime } from '../time-form.ts';
import type { Built, FileBack, FileBackContext } from './file-back.ts';
import { fileStyle } from './file-style.ts';
import { editObject, encoded, laidOut, valueOf, wholeObject } from './object-text.ts';
import { placed } from './places.ts';
import { notWritable } from './replace-file.ts';
import { loadsAs } from './value-text.ts';

const [UNIVERSE, MODE, AS_OF, PAYLOAD] = [0, 1, 2, 5];
const usual = {
  example:
    '{"items": [], "picks": [], "as_of": "", "generated_at": "", "universe": "", "mode": "", "elapsed_seconds": 0.0, ' +
    '"policy_version": "", "run_id": ""}',
  indent: '  ',
};
const INTRADAY = 'data/top_picks_intraday';
const DAILY = 'data/top_picks';

/**
 * `data/top_picks_intraday/picks_<universe>_<Mode>_<YYYYMMDD>_<HHMMSS>.json`, the time being UTC, and without a universe
 * and a mode `data/top_picks/picks_<YYYY-MM-DD>.json`: the payload itself.
 */
export const pickArchiveBack: FileBack = {
  source: pickArchive,
  besides: [],
  placeOf({ values }, existing) {
    const [universe, mode, asOf] = [values[UNIVERSE], values[MODE], values[AS_OF]];
    if (asOf === null)
      throw notWritable('a payload of picks', 'it has no time, and its file is named after it');
    const time = writeTime(asOf as bigint, { ...pythonForm('T'), digits: 0 }, 'UTC', null);
    const [date = '', clock = ''] = time.split('T');
    const path =
      universe === null || mode === null
        ? placed(
            DAILY,
            `picks_${date}.json`,
            existing?.filter((one) => /picks_[\d-]+\.json$/.test(one)),
          )
        : placed(
            INTRADAY,
            `picks_${universe}_${mode}_${date.replaceAll('-', '')}_${clock.slice(0, 8).replaceAll(':', '')}.json`,
            existing?.filter((one) => !/picks_[\d-]+\.json$/.test(one)),
          );
    return { path, key: path };
  },
  build({ document, changes, context }) {
    const tuple = changes[0]!.tuple!;
    const stored = String(tuple.values[PAYLOAD]);
    const usable = document !== null && wholeObject(document) !== null ? document : null;
    const candidates: Built[] = originals(tuple, context);
    if (usable !== null && context.anew !== true) candidates.push({ document: edited(usable, stored) });
    candidates.push({ document: written(usable, stored) });
    return candidates;
  },
};

/** The bytes that were kept of a payload are those of its file. */
function originals(tuple: LoadedTuple, { timezones }: FileBackContext): Built[] {
  const column = pickArchive.columns[PAYLOAD]!;
  const kept = tuple.originals.get(column.name);
  if (kept === undefined) return [];
  const document = Buffer.from(kept.bytes).toString('latin1');
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(kept.bytes);
  return loadsAs(column, text, tuple.values[PAYLOAD]!, timezones) ? [{ document }] : [];
}

/** What is there with the members changed that differ. */
function edited(document: string, stored: string): string {
  const span = wholeObject(document)!;
  const style = fileStyle(pickArchive, [document], usual);
  const wanted = new Map(members(stored) ?? []);
  const edits = new Map<string, string | null>();
  for (const { name } of span.members) if (!wanted.has(name)) edits.set(name, null);
  for (const [name, slice] of wanted) {
    const present = valueOf(document, span, name);
    if (present !== undefined && sameDocument(present, slice)) continue;
    edits.set(name, encoded(laidOut(writeJson(slice, style.form), style.layout, 1)));
  }
  return editObject(document, span, edits, style.layout);
}

function written(document: string | null, stored: string): string {
  const style = fileStyle(pickArchive, document === null ? [] : [document], usual);
  const text = encoded(laidOut(writeJson(stored, style.form), style.layout));
  const span = document === null ? null : wholeObject(document);
  return span === null ? text : document!.slice(0, span.open) + text + document!.slice(span.end);
}
