import type { QuarantinedRow } from './answers.ts';
import { bytes } from './format.ts';

/** A long original is opened by whoever wants to read it. */
const OPEN_MAX_BYTES = 4_000;

/** A row as it was found. The column that sent it into quarantine is marked. */
export function Original({ row }: { row: QuarantinedRow }) {
  const fields = fieldsOf(row);
  const note = row.original_truncated
    ? `the first part of ${bytes(row.original_bytes)}`
    : bytes(row.original_bytes);
  return (
    <details class="original" open={row.original_bytes <= OPEN_MAX_BYTES}>
      <summary>
        As it was found <small>{row.original_format === 'base64' ? `${note}, in base64` : note}</small>
      </summary>
      {fields === undefined ? (
        <pre>{row.original}</pre>
      ) : (
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
      )}
    </details>
  );
}

type Field = [name: string, text: string | undefined];

/** The columns of a row, or undefined when it is no object of columns. */
function fieldsOf({ original, original_format }: QuarantinedRow): Field[] | undefined {
  if (original_format !== 'json') return undefined;
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
