import { decode, members, scalar } from '../../legacy/json-files/document.ts';
import { readLines, type Line } from '../../legacy/json-files/lines.ts';
import type { SourceRow } from '../source.ts';
import { defineSource, json, text, time } from '../source.ts';

const known = ['symbol', 'agent_type', 'result', 'timestamp'];

/** One row a line; its number in the file is its id. */
export const memoryAnalyses = defineSource({
  id: 'memory_analyses',
  store: 'agent-memory',
  table: 'memory_analyses',
  files: {
    rowsPerFile: 'many',
    *rows(file) {
      for (const line of readLines(file.absolute)) yield readAnalysis(line);
    },
  },
  columns: [
    text('symbol', { required: true }),
    text('agent_type', { required: true }),
    json('result'),
    time('timestamp', { target: 'created_at', required: true }),
  ],
});

function readAnalysis(line: Line): SourceRow {
  const { text, valid } = decode(line.bytes);
  const list = members(text);
  const found = new Map(list ?? []);
  const extra = [...found].filter(([name]) => !known.includes(name));
  return {
    key: BigInt(line.number),
    values: [
      scalar(found.get('symbol')),
      scalar(found.get('agent_type')),
      found.get('result') ?? null,
      scalar(found.get('timestamp')),
    ],
    extra: extra.length === 0 ? null : new Map(extra.map(([name, slice]) => [name, scalar(slice)])),
    original: () => line.bytes,
    ...(list === null ? { rejected: notAnObject(line) } : {}),
    ...(valid ? {} : { altered: [{ column: 'line', bytes: line.bytes, reason: 'INVALID_UTF8' }] }),
  };
}

function notAnObject(line: Line): NonNullable<SourceRow['rejected']> {
  const detail = line.unterminated
    ? `line ${line.number} breaks off: its writer was stopped while it wrote`
    : `line ${line.number} is no JSON object`;
  return { reason: 'MALFORMED_LINE', column: null, detail };
}
