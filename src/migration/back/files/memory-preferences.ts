import { members } from '../../../legacy/json-files/document.ts';
import { memoryPreferences } from '../../sources/memory-preferences.ts';
import type { LoadedTuple } from '../table-back.ts';
import type { FileBack } from './file-back.ts';
import { fileStyle } from './file-style.ts';
import { byStoredName, namedChanges } from './named-members.ts';
import { editObject, encoded, type Member, valueOf, wholeObject } from './object-text.ts';
import { placed } from './places.ts';
import { extraText, memberChange, type Writing } from './value-text.ts';

const [USER, PREFERENCE, VALUE, UPDATED_AT] = [0, 1, 2, 3];
const usual = { example: '{"k": {"value": null, "updated_at": ""}}', indent: '  ' };
/** A preference stands in the user's object. */
const DEPTH = 2;

/** `cache/memory/user_<id>.json`: `{preference: {value, updated_at}}`. */
export const memoryPreferencesBack: FileBack = {
  source: memoryPreferences,
  besides: [],
  placeOf(tuple, existing) {
    const path = placed('cache/memory', `user_${String(tuple.values[USER])}.json`, existing);
    return { path, key: String(tuple.values[PREFERENCE]) };
  },
  build({ document, changes, context }) {
    const text = document ?? '{}';
    const span = wholeObject(text)!;
    const style = fileStyle(memoryPreferences, document === null ? [] : [text], usual);
    const writing = { style, zones: context.timezones, depth: DEPTH, anew: context.anew === true };
    const { edits, verdicts } = namedChanges(
      byStoredName(span),
      changes,
      (change) => change.key ?? change.tuple!.values[PREFERENCE],
      (change, member) => preference(text, member, change.tuple!, writing),
      writing.anew,
    );
    return [{ document: editObject(text, span, edits, style.layout), verdicts }];
  },
};

/** A preference as a piece of a document: what stands there with its members changed. */
function preference(
  document: string,
  member: Member | undefined,
  tuple: LoadedTuple,
  writing: Writing,
): string {
  const there = member === undefined ? '{}' : document.slice(member.valueStart, member.valueEnd);
  const text = wholeObject(there) === null ? '{}' : there;
  const span = wholeObject(text)!;
  const edits = new Map<string, string | null>();
  for (const index of [VALUE, UPDATED_AT]) {
    const column = memoryPreferences.columns[index]!;
    const present = valueOf(text, span, column.name);
    const change = memberChange(column, tuple, tuple.values[index]!, present, writing);
    if (change !== undefined) edits.set(column.name, change === null ? null : encoded(change));
  }
  // What no source knows is as the file has it; where it was lost, as it was loaded.
  for (const [name, slice] of members(tuple.extra ?? '{}') ?? []) {
    if (span.members.some((one) => one.name === name) && !writing.anew) continue;
    edits.set(name, encoded(extraText(name, slice, tuple, writing)));
  }
  return editObject(text, span, edits, writing.style.layout, DEPTH);
}
