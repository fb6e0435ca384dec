import { useMemo, useState } from 'preact/hooks';
import { bytesOf, hexDump } from '../../lib/bytes.ts';
import { bytes, count } from '../../lib/format.ts';
import type { QuarantinedRow } from './answers.ts';

/** A long original is opened by whoever wants to read it. */
const OPEN_MAX_BYTES = 4_000;
const DUMP_MAX_BYTES = 2_048;

/** A row as it was found, by its columns or byte by byte. The column that sent it into quarantine is marked. */
export function Original({ row }: { row: QuarantinedRow }) {
  const [raw, setRaw] = useState(row.original_format === 'base64');
  const note = row.original_truncated
    ? `the first part of ${bytes(row.original_bytes)}`
    : bytes(row.original_bytes);
  return (
    <details class="original" open={row.original_bytes <= OPEN_MAX_BYTES}>
      <summary>
        As it was found <small>{note}</small>
      </summary>
      <button type="button" class="link" aria-pressed={raw} onClick={() => setRaw(!raw)}>
        {raw ? 'Show as text' : 'Show bytes'}
      </button>
      {raw ? <Dump row={row} /> : <Fields row={row} />}
    </details>
  );
}

function Dump({ row }: { row: QuarantinedRow }) {
  const all = useMemo(() => bytesOf(row.original, row.original_format), [row]);
  const lines = hexDump(all, DUMP_MAX_BYTES);
  return (
    <>
      <pre class="dump" tabIndex={0}>
        {lines.map(({ offset, hex, text }) => `${offset}  ${hex.padEnd(47)}  ${text}\n`).join('')}
      </pre>
      {all.length > DUMP_MAX_BYTES && <p class="quiet">The first {count(DUMP_MAX_BYTES)} bytes.</p>}
    </>
  );
}

function Fields({ row }: { row: QuarantinedRow }) {
  const fields = fieldsOf(row);
  if (fields === undefined) return <pre tabIndex={0}>{row.original}</pre>;
  return (
    <table>
      <tbody>
        {fields.map(([name, text]) => (
          <tr key={name} class={name === row.column ? 'culprit' : ''}>
            <th scope="row">{name}</th>
            <td class={text === undefined ? 'none' : ''}>{text ?? 'NULL'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Field = [name: string, text: string | undefined];

/** The columns of a row, or undefined when it is no object of columns, or only the beginning of one. */
function fieldsOf({ original, original_format, original_truncated }: QuarantinedRow): Field[] | undefined {
  if (original_format !== 'json' || original_truncated) return undefined;
  const value: unknown = JSON.parse(original);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).map(([name, member]) => [name, textOf(member)]);
}

/** What JSON cannot say is tagged: {"integer": "…"}, {"real": "…", "bits": "…"}, {"blob": "…"}. */
function textOf(member: unknown): string | undefined {
  if (member === null) return undefined;
  if (typeof member === 'string') return member;
  if (typeof member !== 'object') return JSON.stringify(member);
  const tagged = member as Record<string, unknown>;
  if (typeof tagged['integer'] === 'string') return tagged['integer'];
  if (typeof tagged['real'] === 'string') return tagged['real'];
  if (typeof tagged['blob'] === 'string') return `0x${tagged['blob']}`;
  return JSON.stringify(member);
}
