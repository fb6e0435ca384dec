import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { jsonInteger } from '../core/json-number.ts';
import type { Column, DataRow, Value } from './columns.ts';
import type { RowSink } from './parquet.ts';

/** CSV as RFC 4180 has it, with a line of names; null is nothing between the commas, empty text is `""`. */
export function csvSink(output: Writable, columns: readonly Column[]): RowSink {
  const line = (cells: readonly string[]): string => `${cells.join(',')}\r\n`;
  const cellOf = (column: Column, value: Value): string => {
    if (value === null) return '';
    if (column.form === 'time') return isoOf(value as bigint);
    return typeof value === 'string' ? quoted(value) : String(value);
  };
  return textSink(output, line(columns.map(({ name }) => quoted(name))), (row) =>
    line(columns.map((column) => cellOf(column, row[column.name] ?? null))),
  );
}

/** One JSON object a line; documents stand in it as they are, not as text. */
export function ndjsonSink(output: Writable, columns: readonly Column[]): RowSink {
  const memberOf = (column: Column, value: Value): string => {
    const name = JSON.stringify(column.name);
    if (value === null) return `${name}:null`;
    // What PostgreSQL writes of a document is JSON, its exact numbers included.
    if (column.form === 'json') return `${name}:${value as string}`;
    if (column.form === 'time') return `${name}:"${isoOf(value as bigint)}"`;
    return `${name}:${JSON.stringify(typeof value === 'bigint' ? jsonInteger(value) : value)}`;
  };
  return textSink(
    output,
    '',
    (row) => `{${columns.map((column) => memberOf(column, row[column.name] ?? null)).join(',')}}\n`,
  );
}

function textSink(output: Writable, head: string, lineOf: (row: DataRow) => string): RowSink {
  let waiting = head;
  async function put(text: string): Promise<void> {
    if (text !== '' && !output.write(text)) await once(output, 'drain');
  }
  return {
    async write(rows) {
      const text = waiting + rows.map(lineOf).join('');
      waiting = '';
      await put(text);
    },
    async end() {
      await put(waiting);
      waiting = '';
    },
  };
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const SECOND = 1_000_000n;

/** UTC with six decimals; BigInt division rounds towards 0, and times before 1970 are negative. */
function isoOf(micros: bigint): string {
  const rest = ((micros % SECOND) + SECOND) % SECOND;
  const seconds = Number((micros - rest) / SECOND);
  return `${new Date(seconds * 1_000).toISOString().slice(0, -5)}.${String(rest).padStart(6, '0')}Z`;
}
