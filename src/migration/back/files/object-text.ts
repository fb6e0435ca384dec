import { DUMPS, writeJson } from '../json-form.ts';

/**
 * Objects of JSON as bytes that are edited in place. A document is held as one character a byte (latin1), so that what
 * is no UTF-8 stays as it is and every place in it is a place in the file.
 */

/** A member of an object, by its places in the document. */
export interface Member {
  readonly name: string;
  readonly start: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** An object by its places: `open` is its brace, `end` stands behind the closing one. */
export interface ObjectSpan {
  readonly open: number;
  readonly end: number;
  readonly members: readonly Member[];
}

/** How a document is laid out: what one level is indented by, null when it stands on one line. */
export interface Layout {
  readonly indent: string | null;
  readonly compact: boolean;
  readonly ascii: boolean;
}

export const toBytes = (document: string): Buffer => Buffer.from(document, 'latin1');
export const fromBytes = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
/** Text as it stands in a document. */
export const encoded = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
/** A piece of a document as text. */
export const decoded = (piece: string): string => Buffer.from(piece, 'latin1').toString('utf8');

/** The object that begins at `from`, white space aside; null when there is none. */
export function objectAt(document: string, from = 0): ObjectSpan | null {
  const open = skipSpace(document, from);
  if (document[open] !== '{') return null;
  const members: Member[] = [];
  let at = skipSpace(document, open + 1);
  if (document[at] === '}') return { open, end: at + 1, members };
  for (;;) {
    const member = memberAt(document, at);
    if (member === null) return null;
    members.push(member);
    at = skipSpace(document, member.valueEnd);
    if (document[at] === '}') return { open, end: at + 1, members };
    if (document[at] !== ',') return null;
    at = skipSpace(document, at + 1);
  }
}

/** The object that a whole document is; null when it is none. */
export function wholeObject(document: string): ObjectSpan | null {
  const span = objectAt(document);
  return span !== null && skipSpace(document, span.end) === document.length ? span : null;
}

/** The member that counts: of several of one name the last, as every reader takes it. */
export function memberOf(span: ObjectSpan, name: string): Member | undefined {
  return span.members.findLast((member) => member.name === name);
}

/** The text of a member's value; undefined when there is no such member. */
export function valueOf(document: string, span: ObjectSpan, name: string): string | undefined {
  const member = memberOf(span, name);
  return member && decoded(document.slice(member.valueStart, member.valueEnd));
}

/** How a document is laid out, from its first member. */
export function layoutOf(
  document: string,
  span: ObjectSpan | null,
): Pick<Layout, 'indent' | 'compact'> | null {
  const [first] = span?.members ?? [];
  if (!span || first === undefined) return null;
  const gap = document.slice(span.open + 1, first.start);
  const line = gap.lastIndexOf('\n');
  const colon = document.slice(first.nameEnd, first.valueStart);
  return { indent: line === -1 ? null : gap.slice(line + 1), compact: colon === ':' };
}

/**
 * A document with some members of one of its objects changed. A value is put in place of the old one (of several of a
 * name the last, the others go), null takes the member away, and what is new is put behind the last. The other bytes
 * stay. Values are pieces of a document. `depth`: how deep the members stand; 1 in the document itself.
 */
export function editObject(
  document: string,
  span: ObjectSpan,
  changes: ReadonlyMap<string, string | null>,
  layout: Layout,
  depth = 1,
): string {
  const { members } = span;
  const last = new Map(members.map((member, index) => [member.name, index]));
  const gapOf = (index: number): string =>
    document.slice(index === 0 ? span.open + 1 : members[index - 1]!.valueEnd, members[index]!.start);
  const parts: { gap: string; text: string }[] = [];
  members.forEach((member, index) => {
    const change = changes.get(member.name);
    const name = document.slice(member.start, member.valueStart);
    const kept = document.slice(member.valueStart, member.valueEnd);
    if (change === undefined) parts.push({ gap: gapOf(index), text: name + kept });
    else if (change !== null && last.get(member.name) === index)
      parts.push({ gap: gapOf(index), text: name + change });
  });
  const line = layout.indent === null ? null : `\n${layout.indent.repeat(depth)}`;
  const head = members.length > 0 ? gapOf(0) : (line ?? '');
  const between = members.length > 1 ? gapOf(members.length - 1) : `,${line ?? (layout.compact ? '' : ' ')}`;
  for (const [name, change] of changes) {
    if (change === null || last.has(name)) continue;
    parts.push({ gap: between, text: memberText(name, change, layout) });
  }
  const tail =
    members.length > 0
      ? document.slice(members.at(-1)!.valueEnd, span.end - 1)
      : line === null
        ? ''
        : `\n${layout.indent!.repeat(depth - 1)}`;
  const inner = parts.map(({ gap, text }, index) => (index === 0 ? head : gap) + text);
  const object = parts.length === 0 ? '{}' : `{${inner.join('')}${tail}}`;
  return document.slice(0, span.open) + object + document.slice(span.end);
}

function memberText(name: string, value: string, { compact, ascii }: Layout): string {
  const written = writeJson(JSON.stringify(name), { ...DUMPS, ascii });
  return `${encoded(written)}${compact ? ':' : ': '}${value}`;
}

/** A document on one line, as `json.dumps` writes it, laid out with `indent` as it does; `depth` is where it will stand. */
export function laidOut(text: string, { indent, compact }: Layout, depth = 0): string {
  if (indent === null) return text;
  let out = '';
  let level = depth;
  let at = 0;
  const newLine = (): string => `\n${indent.repeat(level)}`;
  while (at < text.length) {
    const character = text[at]!;
    if (character === '"') {
      const end = stringEnd(text, at);
      out += text.slice(at, end);
      at = end;
      continue;
    }
    at++;
    if (character === '{' || character === '[') {
      const close = skipSpace(text, at);
      if (text[close] === '}' || text[close] === ']') {
        out += character + text[close];
        at = close + 1;
        continue;
      }
      level++;
      out += character + newLine();
    } else if (character === '}' || character === ']') {
      level--;
      out += newLine() + character;
    } else if (character === ',') out += character + newLine();
    else if (character === ':') out += compact ? ':' : ': ';
    else if (!isSpace(text.charCodeAt(at - 1))) out += character;
  }
  return out;
}

function memberAt(document: string, start: number): Member | null {
  if (document[start] !== '"') return null;
  const nameEnd = stringEnd(document, start);
  const name = nameEnd === -1 ? null : nameOf(document.slice(start, nameEnd));
  const colon = skipSpace(document, nameEnd);
  if (name === null || document[colon] !== ':') return null;
  const valueStart = skipSpace(document, colon + 1);
  const valueEnd = skipValue(document, valueStart);
  return valueEnd === -1 ? null : { name, start, nameEnd, valueStart, valueEnd };
}

function nameOf(token: string): string | null {
  try {
    return JSON.parse(decoded(token)) as string;
  } catch {
    // Not a string that JSON allows: the reader refuses the object as well.
    return null;
  }
}

/** Behind the value that begins at `start`; -1 when it breaks off. */
function skipValue(document: string, start: number): number {
  let at = start;
  let depth = 0;
  do {
    at = skipSpace(document, at);
    const character = document[at];
    if (character === undefined) return -1;
    if (character === '"') {
      at = stringEnd(document, at);
      if (at === -1) return -1;
    } else if (character === '{' || character === '[') {
      depth++;
      at++;
    } else if (character === '}' || character === ']') {
      depth--;
      at++;
    } else if (depth > 0 && (character === ',' || character === ':')) at++;
    else {
      const word = /[^ \n\r\t,:[\]{}"]*/y;
      word.lastIndex = at;
      const { length } = word.exec(document)![0];
      if (length === 0) return -1;
      at += length;
    }
  } while (depth > 0);
  return depth === 0 ? at : -1;
}

/** Behind the closing quote of the string that begins at `start`; -1 when it has none. */
function stringEnd(document: string, start: number): number {
  for (let at = start + 1; at < document.length; at++) {
    const code = document.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 34) return at + 1;
  }
  return -1;
}

const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;

function skipSpace(document: string, from: number): number {
  let at = from;
  while (isSpace(document.charCodeAt(at))) at++;
  return at;
}
