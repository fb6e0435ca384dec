import { readFileSync } from 'node:fs';
import type { RawValue } from '../raw-value.ts';

/** Larger documents are refused: they would have to be held in memory whole. */
export const MAX_DOCUMENT_BYTES = 256 << 20;

export interface Document {
  text: string;
  bytes: Uint8Array;
  /** The bytes are UTF-8; if not, what is not stands as U+FFFD in the text. */
  valid: boolean;
}

export function readDocument(file: string): Document {
  const bytes = readFileSync(file);
  return { bytes, ...decode(bytes) };
}

export function decode(bytes: Uint8Array): { text: string; valid: boolean } {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const valid = !text.includes('\uFFFD') || Buffer.compare(Buffer.from(text, 'utf8'), bytes) === 0;
  return { text, valid };
}

/**
 * The members of an object as slices of its text, so that a document inside a document keeps every digit. Takes what
 * Python writes (NaN and the infinities). Null when the text is no object; the slices themselves are not checked.
 */
export function members(text: string): [string, string][] | null {
  return new Slicer(text).container('{', '}', (slicer) => {
    const name = slicer.string();
    if (name === null || !slicer.take(':')) return null;
    const slice = slicer.skip();
    return slice === null ? null : [name, slice];
  });
}

/** The elements of an array as slices of its text; null when the text is no array. */
export function elements(text: string): string[] | null {
  return new Slicer(text).container('[', ']', (slicer) => slicer.skip());
}

/** A slice as a value: strings decoded, whole numbers as bigint, documents as their text. */
export function scalar(slice: string | undefined): RawValue {
  if (slice === undefined || slice === 'null') return null;
  if (slice.startsWith('"')) return parseString(slice) ?? slice;
  if (/^-?\d+$/.test(slice)) return BigInt(slice);
  if (/^-?(?:\d|Infinity|NaN)/.test(slice) || slice === 'NaN' || slice === 'Infinity') {
    const number = Number(slice);
    return Number.isNaN(number) ? slice : number;
  }
  return slice;
}

function parseString(token: string): string | null {
  try {
    return JSON.parse(token) as string;
  } catch {
    // Not a string that JSON allows (a raw control character): the caller keeps the text as it stands.
    return null;
  }
}

class Slicer {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  container<T>(open: string, close: string, read: (slicer: Slicer) => T | null): T[] | null {
    const found: T[] = [];
    if (!this.take(open)) return null;
    if (!this.take(close)) {
      for (;;) {
        const item = read(this);
        if (item === null) return null;
        found.push(item);
        if (this.take(close)) break;
        if (!this.take(',')) return null;
      }
    }
    this.space();
    return this.at === this.text.length ? found : null;
  }

  take(character: string): boolean {
    this.space();
    if (this.text.charAt(this.at) !== character) return false;
    this.at++;
    return true;
  }

  string(): string | null {
    this.space();
    const start = this.at;
    return this.skipString() ? parseString(this.text.slice(start, this.at)) : null;
  }

  /** Steps over one value and gives its text. */
  skip(): string | null {
    this.space();
    const start = this.at;
    let depth = 0;
    do {
      const character = this.text.charAt(this.at);
      if (character === '') return null;
      if (character === '"') {
        if (!this.skipString()) return null;
        continue;
      }
      if (character === '{' || character === '[') depth++;
      else if (character === '}' || character === ']') depth--;
      else if (depth === 0) {
        this.skipWord();
        continue;
      }
      this.at++;
    } while (depth > 0);
    return this.at > start && depth === 0 ? this.text.slice(start, this.at) : null;
  }

  private skipWord(): void {
    const word = /[^\s,:[\]{}"]*/y;
    word.lastIndex = this.at;
    this.at += word.exec(this.text)![0].length;
  }

  private skipString(): boolean {
    if (this.text.charAt(this.at) !== '"') return false;
    for (let at = this.at + 1; at < this.text.length; at++) {
      const code = this.text.charCodeAt(at);
      if (code === 92) at++;
      else if (code === 34) {
        this.at = at + 1;
        return true;
      }
    }
    return false;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === 32 || code === 10 || code === 13 || code === 9) this.at++;
      else return;
    }
  }
}
