import type { Decoder } from './values.ts';

/**
 * Reads an array as PostgreSQL writes it: `{1,NULL,"a \"quoted\" one",{nested}}`, with bounds before it
 * (`[0:1]={…}`) when they are not the usual ones.
 */
export function parseArray(text: string, element: Decoder): unknown[] {
  const reader = { text, at: text.indexOf('{') };
  return readArray(reader, element);
}

interface Reader {
  readonly text: string;
  at: number;
}

function readArray(reader: Reader, element: Decoder): unknown[] {
  const values: unknown[] = [];
  reader.at += 1;
  for (;;) {
    const char = reader.text[reader.at];
    if (char === undefined || char === '}') {
      reader.at += 1;
      return values;
    }
    if (char === ',') reader.at += 1;
    else if (char === '{') values.push(readArray(reader, element));
    else if (char === '"') values.push(element(readQuoted(reader)));
    else values.push(readBare(reader, element));
  }
}

function readQuoted(reader: Reader): string {
  let value = '';
  let from = reader.at + 1;
  for (;;) {
    let end = from;
    while (reader.text[end] !== '"' && reader.text[end] !== '\\') end += 1;
    value += reader.text.slice(from, end);
    if (reader.text[end] === '"') {
      reader.at = end + 1;
      return value;
    }
    // The character behind a backslash stands for itself, a quote and a backslash too.
    value += reader.text[end + 1] ?? '';
    from = end + 2;
  }
}

function readBare(reader: Reader, element: Decoder): unknown {
  const from = reader.at;
  while (reader.text[reader.at] !== ',' && reader.text[reader.at] !== '}') reader.at += 1;
  const value = reader.text.slice(from, reader.at);
  return value === 'NULL' ? null : element(value);
}
