import { members, scalar } from '../../../legacy/json-files/document.ts';
import type { Column, SourceDefinition } from '../../source.ts';
import { DUMPS, type JsonForm, JsonFormLearner } from '../json-form.ts';
import { usualTimeForm } from '../style.ts';
import { pythonForm, type TimeForm, TimeFormLearner } from '../time-form.ts';
import { decoded, type Layout, layoutOf, wholeObject } from './object-text.ts';

/** How the writer of a file spells what PostgreSQL keeps by its meaning alone. */
export interface FileStyle {
  readonly layout: Layout;
  readonly form: JsonForm;
  time(column: Column): TimeForm;
}

/** What of a file is looked at for times. */
const MAX_TIMES = 400;

/** How the old application wrote such a file: an example with the members in its order, and its indentation. */
export interface Usual {
  readonly example: string;
  readonly indent: string | null;
}

/** The style of a file: of its own documents where there are any (a file of lines has many), else the usual one. */
export function fileStyle(source: SourceDefinition, documents: readonly string[], usual: Usual): FileStyle {
  const texts = documents.map(decoded);
  const learner = new JsonFormLearner();
  for (const text of texts) learner.see(text);
  // What the file itself does not tell is as the old application wrote it.
  learner.see(usual.example);
  const form = learner.form() ?? DUMPS;
  const [first] = documents;
  const own = first === undefined ? null : layoutOf(first, wholeObject(first));
  const layout = {
    indent: own === null ? usual.indent : own.indent,
    compact: own === null ? false : own.compact,
    ascii: form.ascii,
  };
  const seen = timesOf(source, texts);
  return {
    layout,
    form: { ...form, compact: layout.compact },
    time: (column) => seen.get(column.name)?.form() ?? usualForm(source, column),
  };
}

/** The form of a column's times where a file holds none. */
function usualForm(source: SourceDefinition, column: Column): TimeForm {
  if (source.id === 'price_history') return pythonForm('T');
  // The engine's own times have no offset; the column's zone is theirs.
  return source.id === 'pick_archive' ? pythonForm('T') : usualTimeForm(source, column);
}

/** Times under the names of the source's columns, wherever in the first levels of a document they stand. */
function timesOf(source: SourceDefinition, texts: readonly string[]): Map<string, TimeFormLearner> {
  const learners = new Map<string, TimeFormLearner>();
  for (const { name, kind } of source.columns) if (kind === 'time') learners.set(name, new TimeFormLearner());
  let left = MAX_TIMES;
  const look = (slice: string, depth: number): void => {
    if (depth > 2) return;
    for (const [name, value] of members(slice) ?? []) {
      if (left <= 0) return;
      const learner = value.startsWith('"') ? learners.get(name) : undefined;
      const time = learner === undefined ? null : scalar(value);
      if (typeof time === 'string') {
        learner!.see(time);
        left--;
      } else if (value.startsWith('{')) look(value, depth + 1);
    }
  };
  for (const text of texts) look(text, 0);
  return learners;
}
