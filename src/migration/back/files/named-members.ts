import { storableText } from '../../values/json-repair.ts';
import type { FileChange, Verdict } from './file-back.ts';
import type { Member, ObjectSpan } from './object-text.ts';

/** The members of an object by the keys under which a row of theirs is loaded. */
export function byStoredName(span: ObjectSpan): ReadonlyMap<string, readonly Member[]> {
  const found = new Map<string, Member[]>();
  for (const member of span.members) {
    const key = storableText(member.name);
    found.set(key, [...(found.get(key) ?? []), member]);
  }
  return found;
}

/**
 * What changes of rows do to the members of an object. A row is loaded out of the first member of its name, and the old
 * application reads the last: when it changes, one of them is left.
 */
export function namedChanges(
  byKey: ReadonlyMap<string, readonly Member[]>,
  changes: readonly FileChange[],
  keyOf: (change: FileChange) => unknown,
  write: (change: FileChange, member: Member | undefined) => string,
  anew: boolean,
): { edits: Map<string, string | null>; verdicts: Map<FileChange, Verdict> } {
  const edits = new Map<string, string | null>();
  const verdicts = new Map<FileChange, Verdict>();
  for (const change of changes) {
    const key = String(keyOf(change));
    const members = byKey.get(key) ?? [];
    if (change.tuple === null) {
      for (const { name } of members) edits.set(name, null);
    } else if (anew && members.length > 1) {
      // To write it again would take away the others, which are in quarantine.
      verdicts.set(change, 'unchanged');
    } else {
      for (const { name } of members) edits.set(name, null);
      edits.set(members[0]?.name ?? key, write(change, members[0]));
    }
  }
  return { edits, verdicts };
}
