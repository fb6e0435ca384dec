import * as fc from 'fast-check';
import { exactNumber } from './decimals.ts';

/** A JSON document apart from how it is written: numbers keep their digits, members their order. */
export type Json =
  | { kind: 'word'; text: 'null' | 'true' | 'false' }
  | { kind: 'number'; text: string }
  | { kind: 'string'; value: string }
  | { kind: 'array'; items: Json[] }
  | { kind: 'object'; members: [string, Json][] };

const digits = (max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 1, maxLength: max });

/** A number in any form that JSON allows, but for a negative zero. */
const numberText = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
    fc.constantFrom('0', '0.0', '0e5', '1e2', '100', '1.50', '1.5', '1E+2', '12345678901234567890', '5e-324'),
    fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.oneof(
          fc.constant('0'),
          digits(25).map((text) => text.replace(/^0+(?=\d)/, '')),
        ),
        fc.oneof(
          fc.constant(''),
          digits(25).map((text) => `.${text}`),
        ),
        fc.oneof(
          fc.constant(''),
          fc
            .tuple(fc.constantFrom('e', 'E', 'e+', 'E-', 'e-'), fc.integer({ min: 0, max: 400 }))
            .map(([mark, exponent]) => `${mark}${exponent}`),
        ),
      )
      .map((parts) => parts.join('')),
  )
  .map((text) => (/^-[0.]+(?:[eE].*)?$/.test(text) ? text.slice(1) : text));

/** Text that jsonb holds: no NUL, no half of a surrogate pair. */
export const plainText = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('', '"', '\\', '\\u0041', '/', '\b\f\n\r\t', '\u2028', '₹', '\u{1f600}', 'NaN', '\u007f'),
  )
  .map((text) => text.replaceAll('\u0000', '\u0001'));

const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc
    .constantFrom('null' as const, 'true' as const, 'false' as const)
    .map((text): Json => ({ kind: 'word', text })),
  numberText.map((text): Json => ({ kind: 'number', text })),
  plainText.map((value): Json => ({ kind: 'string', value })),
);

/** A document that jsonb keeps exactly. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaf,
    fc.array(tie('json'), { maxLength: 5 }).map((items): Json => ({ kind: 'array', items })),
    fc
      .uniqueArray(fc.tuple(plainText, tie('json')), { selector: ([key]) => key, maxLength: 6 })
      .map((members): Json => ({ kind: 'object', members })),
  ),
})).json;

/** What decides how a document is written: spaces and escapes, in turn. */
export const anyStyle = fc.array(fc.nat({ max: 11 }), { minLength: 1, maxLength: 8 });

/** The text of a document in a style: the same document, however it looks. */
export function write(json: Json, style: readonly number[]): string {
  let turn = 0;
  const next = (): number => style[turn++ % style.length]!;
  const space = (): string => ['', '', '', '', ' ', '\n', '\t', '\r\n  '][next()] ?? '';
  const character = (text: string): string => {
    const choice = next();
    const hex = text.charCodeAt(0).toString(16).padStart(4, '0');
    if (choice === 1) return `\\u${hex}`;
    if (choice === 2) return `\\u${hex.toUpperCase()}`;
    if (choice === 3 && text === '/') return '\\/';
    return /[\ud800-\udfff]/.test(text) ? text : JSON.stringify(text).slice(1, -1);
  };
  const string = (value: string): string =>
    // Halves of a pair are escaped both or neither: one of them raw would not survive UTF-8.
    `"${Array.from(value, (point) => (point.length === 1 ? character(point) : pair(point, next()))).join('')}"`;
  const visit = (node: Json): string => {
    switch (node.kind) {
      case 'word':
      case 'number':
        return node.text;
      case 'string':
        return string(node.value);
      case 'array':
        return `[${space()}${node.items.map(visit).join(`${space()},${space()}`)}${space()}]`;
      case 'object': {
        const members = node.members.map(
          ([key, value]) => `${string(key)}${space()}:${space()}${visit(value)}`,
        );
        return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`;
      }
    }
  };
  return `${space()}${visit(json)}${space()}`;
}

function pair(point: string, choice: number): string {
  if (choice !== 1) return point;
  return point
    .split('')
    .map((half) => `\\u${half.charCodeAt(0).toString(16)}`)
    .join('');
}

/** Documents that Python, JavaScript and broken writers leave: like JSON, and often not quite. */
export const nearlyJson = fc.oneof(
  fc
    .array(
      fc.oneof(
        fc.constantFrom('{', '}', '[', ']', ',', ':', ' ', '"a"', '"b"', 'null', 'true', 'NaN', '-Infinity'),
        fc.constantFrom(
          '"\\u0000"',
          '"\\ud83d"',
          '"\\ude00x"',
          '-0',
          '-0.0e3',
          '1e5000',
          '1e-5000',
          '"\\',
          "'",
        ),
        fc.string({ unit: 'binary', maxLength: 4 }).map((text) => JSON.stringify(text)),
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 20 }),
  // A document with one thing put in its middle.
  fc
    .tuple(
      anyJson,
      anyStyle,
      fc.nat(),
      fc.constantFrom('NaN', '"\\u0000"', '\u0000', '-0', ',', '"', '\\', '{'),
    )
    .map(([json, style, at, thing]) => {
      const text = write(json, style);
      const place = at % (text.length + 1);
      // A document comes out of bytes: half of a pair can only be in it as an escape.
      return (text.slice(0, place) + thing + text.slice(place)).toWellFormed();
    }),
);

/** A text that two documents share exactly when they mean the same: order of members and way of writing aside. */
export function meaning(json: Json): string {
  switch (json.kind) {
    case 'word':
      return json.text;
    case 'number':
      return `#${exactNumber(json.text)}`;
    case 'string':
      return JSON.stringify(json.value);
    case 'array':
      return `[${json.items.map(meaning).join()}]`;
    case 'object': {
      const members = json.members.map(([key, value]) => `${JSON.stringify(key)}:${meaning(value)}`);
      return `{${members.sort().join()}}`;
    }
  }
}

/** Every document that differs from `json` by one value or one key: in turn each of its places holds `other`. */
export function changes(json: Json, other: Json): Json[] {
  const here: Json[] = [other];
  if (json.kind === 'array') {
    json.items.forEach((item, index) => {
      for (const changed of changes(item, other))
        here.push({ kind: 'array', items: json.items.with(index, changed) });
      here.push({ kind: 'array', items: json.items.toSpliced(index, 1) });
    });
  } else if (json.kind === 'object') {
    json.members.forEach(([key, item], index) => {
      for (const changed of changes(item, other))
        here.push({ kind: 'object', members: json.members.with(index, [key, changed]) });
      here.push({ kind: 'object', members: json.members.toSpliced(index, 1) });
      here.push({ kind: 'object', members: json.members.with(index, [`${key}'`, item]) });
    });
  }
  return here;
}
