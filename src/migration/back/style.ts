import type { SqliteConnection } from '../../legacy/sqlite/database.ts';
import { patiently } from '../../legacy/sqlite/database.ts';
import { quoteName, type TableInfo } from '../../legacy/sqlite/tables.ts';
import type { Column, SourceDefinition } from '../source.ts';
import { DUMPS, type JsonForm, JsonFormLearner } from './json-form.ts';
import { pythonForm, type TimeForm, TimeFormLearner } from './time-form.ts';

/** How the writer of an old table spells what PostgreSQL keeps by its meaning alone. */
export interface TableStyle {
  /** By column of the source. */
  readonly times: ReadonlyMap<string, TimeForm>;
  readonly documents: ReadonlyMap<string, JsonForm>;
}

/** Rows at each end of a table from which its style is learnt, and characters of a value that is looked at. */
const LEARNT_ROWS = 200;
const LEARNT_CHARACTERS = 256 << 10;

/** The form of a column's times where the old table holds none: that of the old application's code. */
export function usualTimeForm(source: SourceDefinition, column: Column): TimeForm {
  if (column.zone === 'Asia/Kolkata') return pythonForm('T', '+05:30');
  if (source.id === 'top_picks_runs') return pythonForm('T');
  return source.store === 'llm-costs' || source.store === 'context' ? pythonForm(' ') : pythonForm('T', 'Z');
}

/**
 * Learns the style of a table from its first and last rows; for a column without a value it is that of the old
 * application. `own`: the table's name for each column of the source, null for one that it lacks.
 */
export function learnStyle(
  source: SourceDefinition,
  own: readonly (string | null)[],
  from: { connection: SqliteConnection; table: TableInfo } | null,
): TableStyle {
  const times = new Map<string, TimeForm>();
  const documents = new Map<string, JsonForm>();
  source.columns.forEach((column, index) => {
    if (column.kind !== 'time' && column.kind !== 'json') return;
    const name = own[index] ?? null;
    const texts = from === null || name === null ? [] : textsOf(from.connection, from.table, name);
    const learner = column.kind === 'time' ? new TimeFormLearner() : new JsonFormLearner();
    for (const text of texts) learner.see(text);
    if (learner instanceof TimeFormLearner)
      times.set(column.name, learner.form() ?? usualTimeForm(source, column));
    else documents.set(column.name, learner.form() ?? DUMPS);
  });
  return { times, documents };
}

function textsOf(connection: SqliteConnection, table: TableInfo, column: string): string[] {
  const name = quoteName(column);
  const select = `SELECT CASE WHEN typeof(${name}) = 'text' AND length(${name}) <= ${LEARNT_CHARACTERS} THEN ${name} END
    FROM ${quoteName(table.name)}`;
  const ask = (sql: string): (string | null)[] =>
    patiently(() => connection.prepare<[], string | null>(sql).pluck().all());
  const first = ask(`${select} LIMIT ${LEARNT_ROWS}`);
  if (first.length < LEARNT_ROWS || table.withoutRowid) return first.filter((text) => text !== null);
  const last = ask(`${select} ORDER BY rowid DESC LIMIT ${LEARNT_ROWS}`);
  return [...first, ...last].filter((text) => text !== null);
}
