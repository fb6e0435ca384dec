import { elements, members } from '../../legacy/json-files/document.ts';
import { floatText } from '../../legacy/sample/python-json.ts';
import { sameDecimal } from './loaded.ts';

/** How an old writer spelt its documents: jsonb keeps what they mean, not how they were written. */
export interface JsonForm {
  /** `","` and `":"` between the parts instead of Python's `", "` and `": "`. */
  readonly compact: boolean;
  /** Everything beyond ASCII is escaped, as Python does unless told otherwise. */
  readonly ascii: boolean;
  /** The keys of an object in the order in which they were written, as far as it is known. */
  order(keys: readonly string[]): readonly string[];
}

/** `json.dumps(value)`; the keys come as jsonb keeps them, by length and then by their bytes. */
export const DUMPS: JsonForm = { compact: false, ascii: true, order: (keys) => keys };

/** Bounds of what is remembered of a column. */
const MAX_SHAPES = 2000;
const MAX_KEYS = 5000;
/** Objects and lists within one another that are looked into. */
const MAX_DEPTH = 32;
/** Characters of documents that are looked at. */
const MAX_LEARNT = 4 << 20;

/** Finds out from documents how their writer spells them: the order of keys above all. */
export class JsonFormLearner {
  private readonly shapes = new Map<string, readonly string[]>();
  private ranks: string[] = [];
  private compact = 0;
  private spaced = 0;
  private raw = false;
  private looked = 0;
  private documents = 0;

  see(text: string): void {
    if (this.looked > MAX_LEARNT) return;
    this.looked += text.length;
    this.documents++;
    // A character beyond ASCII that stands there was not escaped.
    if (/[^\0-\x7f]/.test(text)) this.raw = true;
    this.value(text.trim(), 0);
  }

  /** Null when no document was seen. */
  form(): JsonForm | null {
    if (this.documents === 0) return null;
    const known = this.shapes;
    const rank = new Map(this.ranks.map((key, index) => [key, index]));
    const placeOf = (key: string): number => rank.get(key) ?? rank.size;
    return {
      compact: this.compact > this.spaced,
      ascii: !this.raw,
      order: (keys) =>
        keys.length < 2
          ? keys
          : (known.get(shapeOf(keys)) ?? [...keys].sort((a, b) => placeOf(a) - placeOf(b))),
    };
  }

  private value(text: string, depth: number): void {
    if (depth > MAX_DEPTH) return;
    if (text.startsWith('{')) this.object(text, depth);
    else if (text.startsWith('[')) for (const item of elements(text) ?? []) this.value(item, depth + 1);
  }

  private object(text: string, depth: number): void {
    const list = members(text);
    if (list === null || list.length === 0) return;
    const keys = [...new Set(list.map(([key]) => key))];
    if (/^\{\s*"(?:[^"\\]|\\.)*":\S/.test(text)) this.compact++;
    else this.spaced++;
    if (keys.length > 1) this.remember(keys);
    for (const [, value] of list) this.value(value, depth + 1);
  }

  private remember(keys: readonly string[]): void {
    const shape = shapeOf(keys);
    if (this.shapes.has(shape) || this.shapes.size >= MAX_SHAPES) return;
    this.shapes.set(shape, keys);
    if (this.ranks.length >= MAX_KEYS) return;
    let at = 0;
    for (const key of keys) {
      const known = this.ranks.indexOf(key);
      if (known === -1) this.ranks.splice(at++, 0, key);
      else at = known + 1;
    }
  }
}

const shapeOf = (keys: readonly string[]): string => JSON.stringify([...keys].sort());

/** A document out of PostgreSQL in a form. `stored` is the text of a jsonb value. */
export function writeJson(stored: string, form: JsonForm): string {
  return new Writer(stored, form).value();
}

class Writer {
  private at = 0;
  private readonly text: string;
  private readonly form: JsonForm;
  private readonly comma: string;
  private readonly colon: string;

  constructor(text: string, form: JsonForm) {
    this.text = text;
    this.form = form;
    this.comma = form.compact ? ',' : ', ';
    this.colon = form.compact ? ':' : ': ';
  }

  value(): string {
    this.space();
    const character = this.text.charAt(this.at);
    if (character === '{') return this.object();
    if (character === '[') return this.array();
    if (character === '"') return stringText(this.string(), this.form.ascii);
    const word = /[^\s,:[\]{}"]*/y;
    word.lastIndex = this.at;
    const token = word.exec(this.text)![0];
    this.at += token.length;
    return numberText(token);
  }

  private array(): string {
    this.at++;
    const items: string[] = [];
    while (!this.ends(']')) items.push(this.value());
    return `[${items.join(this.comma)}]`;
  }

  private object(): string {
    this.at++;
    const found = new Map<string, string>();
    while (!this.ends('}')) {
      const key = this.string();
      this.ends(':');
      found.set(key, this.value());
    }
    const parts = this.form
      .order([...found.keys()])
      .map((key) => `${stringText(key, this.form.ascii)}${this.colon}${found.get(key)!}`);
    return `{${parts.join(this.comma)}}`;
  }

  /** Steps over a comma or the character given; true when it was that. */
  private ends(character: string): boolean {
    this.space();
    const found = this.text.charAt(this.at);
    if (found === ',' || found === character) this.at++;
    this.space();
    return found === character;
  }

  private string(): string {
    const start = this.at++;
    while (this.text.charCodeAt(this.at) !== 34) this.at += this.text.charCodeAt(this.at) === 92 ? 2 : 1;
    this.at++;
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private space(): void {
    for (let code = 32; code === 32 || (code >= 9 && code <= 13); ) code = this.text.charCodeAt(this.at++);
    this.at--;
  }
}

/**
 * Numbers keep their digits, as jsonb does. It writes out exponents, though: a fraction that Python's repr would give one
 * is given it again.
 */
function numberText(token: string): string {
  if (!token.startsWith('0.0000') && !token.startsWith('-0.0000')) return token;
  const python = floatText(Number(token));
  return sameDecimal(python, token) ? python : token;
}

const ASCII_SPECIAL = /["\\]|[^ -~]/g;
const SPECIAL = /["\\]|\p{Cc}/gu;
const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

function stringText(value: string, ascii: boolean): string {
  return `"${value.replace(ascii ? ASCII_SPECIAL : SPECIAL, (unit) => escaped(unit, ascii))}"`;
}

/** What is no ASCII is escaped when everything is to be; of control characters those that JSON itself wants escaped. */
function escaped(unit: string, ascii: boolean): string {
  const code = unit.charCodeAt(0);
  if (!ascii && code >= 0x7f) return unit;
  return shortEscapes[unit] ?? `\\u${code.toString(16).padStart(4, '0')}`;
}
