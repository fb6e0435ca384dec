import { expect, it } from 'vitest';
import { linesOf } from './hot.ts';

async function* chunks(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

it.each([1, 2, 3, 7, 1_000])('reads lines by their \\n alone, in chunks of %i bytes', async (size) => {
  const lines = [
    JSON.stringify({ body: 'a\u2028b\u2029c\u0085d\re\n😀' }),
    JSON.stringify({ body: 'é'.repeat(50) }),
    '',
    'x\ry',
  ];
  const found: string[] = [];
  for await (const line of linesOf(chunks(`${lines.join('\n')}\n`, size))) found.push(line);
  expect(found).toEqual(lines);
});
