import { closeSync, openSync, readSync } from 'node:fs';

const BLOCK_BYTES = 1 << 16;

export interface Line {
  /** From 1 on, blank lines counted. */
  number: number;
  bytes: Uint8Array;
  /** The file ends before the line does: its writer may have been killed. */
  unterminated: boolean;
}

/** The lines of a file that are not blank, in bounded memory. */
export function* readLines(file: string): Generator<Line> {
  const descriptor = openSync(file, 'r');
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    let parts: Buffer[] = [];
    let number = 0;
    for (;;) {
      const read = readSync(descriptor, block, 0, BLOCK_BYTES, null);
      if (read === 0) break;
      let start = 0;
      for (;;) {
        const end = block.subarray(0, read).indexOf(10, start);
        if (end === -1) break;
        parts.push(Buffer.from(block.subarray(start, end)));
        const bytes = Buffer.concat(parts);
        parts = [];
        start = end + 1;
        number++;
        if (!isBlank(bytes)) yield { number, bytes, unterminated: false };
      }
      parts.push(Buffer.from(block.subarray(start, read)));
    }
    const bytes = Buffer.concat(parts);
    if (!isBlank(bytes)) yield { number: number + 1, bytes, unterminated: true };
  } finally {
    closeSync(descriptor);
  }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 32 || byte === 9 || byte === 13);
}
