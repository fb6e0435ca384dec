/**
 * JSON text as Python's `json.dumps` writes it by default: `", "` and `": "` between parts, ASCII alone, floats that
 * keep their point, and `NaN` and `Infinity`, which are no JSON at all.
 */

/** A number that Python held as a float: `62` is written `62.0`. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A plain number is an int when it is whole, and a float otherwise; `float(…)` says float in any case. */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PyFloat
  | readonly PyValue[]
  | { readonly [key: string]: PyValue };

export const float = (value: number): PyFloat => new PyFloat(value);

/** `repr(float)`: the shortest digits, in scientific form below 1e-4 and from 1e16 on, where JavaScript differs. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  return Number.isInteger(value) ? BigInt(value).toString() : floatText(value);
}

const PLAIN = /^[ !#-[\]-~]*$/;
const SPECIAL = /["\\]|[^ -~]/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

function escapeUnit(unit: string): string {
  return SHORT_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function stringText(value: string): string {
  return PLAIN.test(value) ? `"${value}"` : `"${value.replace(SPECIAL, escapeUnit)}"`;
}

/** What stands between two parts: on one line, or each on a line of its own when `indent` is given. */
function lineBreak(indent: number, depth: number): string {
  return indent === 0 ? '' : `\n${' '.repeat(indent * depth)}`;
}

function arrayText(items: readonly PyValue[], indent: number, depth: number): string {
  if (items.length === 0) return '[]';
  const inner = lineBreak(indent, depth + 1);
  const separator = indent === 0 ? ', ' : `,${inner}`;
  let text = `[${inner}`;
  for (let i = 0; i < items.length; i += 1) {
    text += (i === 0 ? '' : separator) + write(items[i]!, indent, depth + 1);
  }
  return `${text}${lineBreak(indent, depth)}]`;
}

function objectText(members: { readonly [key: string]: PyValue }, indent: number, depth: number): string {
  const keys = Object.keys(members);
  if (keys.length === 0) return '{}';
  const inner = lineBreak(indent, depth + 1);
  const separator = indent === 0 ? ', ' : `,${inner}`;
  let text = `{${inner}`;
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i]!;
    text += `${(i === 0 ? '' : separator) + stringText(key)}: ${write(members[key]!, indent, depth + 1)}`;
  }
  return `${text}${lineBreak(indent, depth)}}`;
}

function write(value: PyValue, indent: number, depth: number): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return stringText(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof PyFloat) return floatText(value.value);
  if (Array.isArray(value)) return arrayText(value as readonly PyValue[], indent, depth);
  return objectText(value as { readonly [key: string]: PyValue }, indent, depth);
}

/** `json.dumps(value)`, or `json.dumps(value, indent=indent)`. Keys keep the order of insertion, as in Python. */
export function dumps(value: PyValue, indent = 0): string {
  return write(value, indent, 0);
}
