import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readLines } from './lines.ts';

const directory = mkdtempSync(join(tmpdir(), 'stockroom-lines-'));
const file = join(directory, 'a.jsonl');
afterAll(() => rmSync(directory, { recursive: true }));

type Found = [number: number, text: string, unterminated: boolean];

function read(bytes: Uint8Array): Found[] {
  writeFileSync(file, bytes);
  return Array.from(readLines(file), ({ number, bytes: line, unterminated }) => [
    number,
    Buffer.from(line).toString('latin1'),
    unterminated,
  ]);
}

/** The same by splitting the whole text. */
function expected(bytes: Uint8Array): Found[] {
  const parts = Buffer.from(bytes).toString('latin1').split('\n');
  return parts.flatMap((text, index): Found[] =>
    /^[ \t\r]*$/.test(text) ? [] : [[index + 1, text, index === parts.length - 1]],
  );
}

describe('readLines', () => {
  it('gives every line that is not blank, with its number', () => {
    const piece = fc.oneof(
      fc.constantFrom('\n', '\r\n', ' ', '\t\n', '{"a": 1}', '\n\n').map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const bytes = Buffer.concat(pieces);
        expect(read(bytes)).toEqual(expected(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps a line whole that is longer than what is read at once', () => {
    const block = 1 << 16;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: block - 3, max: block + 3 }), { minLength: 1, maxLength: 4 }),
        (lengths) => {
          const bytes = Buffer.from(lengths.map((length, index) => String(index).repeat(length)).join('\n'));
          expect(read(bytes)).toEqual(expected(bytes));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('says of the last line whether it ended', () => {
    expect(read(Buffer.from('{"a": 1}\n{"b"'))).toEqual([
      [1, '{"a": 1}', false],
      [2, '{"b"', true],
    ]);
    expect(read(Buffer.from('\n\n{"a": 1}\n'))).toEqual([[3, '{"a": 1}', false]]);
    expect(read(new Uint8Array(0))).toEqual([]);
  });

  it('closes the file when its reader stops early', () => {
    writeFileSync(file, 'a\nb\n');
    for (let round = 0; round < 5000; round++)
      for (const line of readLines(file)) if (line.number === 1) break;
    expect(read(Buffer.from('c'))).toEqual([[1, 'c', true]]);
  });
});
