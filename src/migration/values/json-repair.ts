import { MAX_DEPTH, MAX_EXPONENT } from './json-scan.ts';

/** A document that jsonb keeps, and why it is not the one that was given. */
export interface RepairedJson {
  text: string;
  reasons: JsonReason[];
}

export type JsonReason =
  | 'JSON_MALFORMED'
  | 'JSON_NAN'
  | 'JSON_NUL'
  | 'JSON_LONE_SURROGATE'
  | 'JSON_DUPLICATE_KEY'
  | 'JSON_NEGATIVE_ZERO'
  | 'JSON_NUMBER_RANGE'
  | 'JSON_TOO_DEEP';

/**
 * The nearest document that jsonb takes: NaN and the infinities become null (as every strict writer of JSON does),
 * `\u0000` and half surrogate pairs become U+FFFD, of a repeated key the last value stays, a number beyond NUMERIC
 * becomes a string of its digits. What is no JSON at all, or nested too deeply, becomes one JSON string of its text.
 */
export function repairJson(document: string): RepairedJson {
  const reasons = new Set<JsonReason>();
  try {
    return { text: new Parser(document, reasons).document(), reasons: [...reasons] };
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    const reason = error.reason;
    return { text: JSON.stringify(storableText(document)), reasons: [reason] };
  }
}

/** A text that PostgreSQL's text type holds: U+FFFD for NUL and for half surrogate pairs. */
export function storableText(value: string): string {
  return value.replaceAll('\u0000', '\uFFFD').toWellFormed();
}

class NotJson extends Error {
  readonly reason: JsonReason;
  constructor(reason: JsonReason) {
    super(reason);
    this.reason = reason;
  }
}

class Parser {
  private at = 0;
  private depth = 0;
  private readonly text: string;
  private readonly reasons: Set<JsonReason>;

  constructor(text: string, reasons: Set<JsonReason>) {
    this.text = text;
    this.reasons = reasons;
  }

  document(): string {
    const value = this.value();
    this.space();
    if (this.at !== this.text.length) throw new NotJson('JSON_MALFORMED');
    return value;
  }

  private space(): void {
    while (' \n\r\t'.includes(this.text.charAt(this.at)) && this.at < this.text.length) this.at++;
  }

  private value(): string {
    this.space();
    const character = this.text.charAt(this.at);
    if (character === '{') return this.nested(() => this.object());
    if (character === '[') return this.nested(() => this.array());
    if (character === '"') return JSON.stringify(this.string());
    for (const [word, reason] of words) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      if (reason) this.reasons.add(reason);
      return reason ? 'null' : word;
    }
    return this.number();
  }

  private nested(read: () => string): string {
    if (++this.depth > MAX_DEPTH) throw new NotJson('JSON_TOO_DEEP');
    this.at++;
    const value = read();
    this.depth--;
    return value;
  }

  /** True when the closing character is next, and is taken; else a comma must be, unless this is the first. */
  private closes(character: string, first: boolean): boolean {
    this.space();
    if (this.text.charAt(this.at) === character) {
      this.at++;
      return true;
    }
    if (first) return false;
    if (this.text.charAt(this.at) !== ',') throw new NotJson('JSON_MALFORMED');
    this.at++;
    return false;
  }

  private array(): string {
    const values: string[] = [];
    while (!this.closes(']', values.length === 0)) values.push(this.value());
    return `[${values.join(', ')}]`;
  }

  private object(): string {
    const members = new Map<string, string>();
    let first = true;
    while (!this.closes('}', first)) {
      first = false;
      this.space();
      const key = this.string();
      this.space();
      if (this.text.charAt(this.at++) !== ':') throw new NotJson('JSON_MALFORMED');
      if (members.has(key)) this.reasons.add('JSON_DUPLICATE_KEY');
      members.set(key, this.value());
    }
    return `{${[...members].map(([key, value]) => `${JSON.stringify(key)}: ${value}`).join(', ')}}`;
  }

  private string(): string {
    const match = stringToken(this.text, this.at);
    if (match === null) throw new NotJson('JSON_MALFORMED');
    this.at += match.length;
    const value = JSON.parse(match) as string;
    if (value.includes('\u0000')) this.reasons.add('JSON_NUL');
    if (!value.isWellFormed()) this.reasons.add('JSON_LONE_SURROGATE');
    return storableText(value);
  }

  private number(): string {
    numberPattern.lastIndex = this.at;
    const match = numberPattern.exec(this.text);
    if (!match) throw new NotJson('JSON_MALFORMED');
    const [token, whole = '', fraction = '', exponent = '0'] = match;
    this.at += token.length;
    if (
      Math.abs(Number(exponent)) > MAX_EXPONENT ||
      whole.length > MAX_EXPONENT ||
      fraction.length > MAX_EXPONENT
    ) {
      this.reasons.add('JSON_NUMBER_RANGE');
      return JSON.stringify(token);
    }
    if (token.startsWith('-') && /^[0.]*$/.test(whole + fraction)) {
      this.reasons.add('JSON_NEGATIVE_ZERO');
      return '0';
    }
    return token;
  }
}

const words: readonly (readonly [string, JsonReason | null])[] = [
  ['null', null],
  ['true', null],
  ['false', null],
  ['NaN', 'JSON_NAN'],
  ['Infinity', 'JSON_NAN'],
  ['-Infinity', 'JSON_NAN'],
];

const numberPattern = /-?(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?/y;

/** The string token that begins at `start`, quotes included, when it is one that JSON allows. */
export function stringToken(text: string, start: number): string | null {
  if (text.charAt(start) !== '"') return null;
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      const token = text.slice(start, at + 1);
      return token.includes('\\') && !validEscapes.test(token) ? null : token;
    }
    if (code < 32) return null;
    if (code === 92) at++;
  }
  return null;
}

const validEscapes = /^(?:[^\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*$/;
