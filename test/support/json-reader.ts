import type { Json } from './json-documents.ts';

/**
 * A strict JSON text as a document that keeps its digits and repeated keys, or null. Apart from the code that it helps to
 * test: tokens by one expression, strings and grammar by JSON.parse.
 */
export function readJson(text: string): Json | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gsu) ?? [];
  let at = 0;
  const value = (): Json => {
    const token = tokens[at++]!;
    if (token === '[') {
      const items: Json[] = [];
      while (tokens[at] !== ']') {
        items.push(value());
        if (tokens[at] === ',') at++;
      }
      at++;
      return { kind: 'array', items };
    }
    if (token === '{') {
      const members: [string, Json][] = [];
      while (tokens[at] !== '}') {
        const key = JSON.parse(tokens[at]!) as string;
        at += 2;
        members.push([key, value()]);
        if (tokens[at] === ',') at++;
      }
      at++;
      return { kind: 'object', members };
    }
    if (token.startsWith('"')) return { kind: 'string', value: JSON.parse(token) as string };
    if (token === 'null' || token === 'true' || token === 'false') return { kind: 'word', text: token };
    return { kind: 'number', text: token };
  };
  return value();
}
