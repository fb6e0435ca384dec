/** A line of a hex dump: where it begins, its bytes, and those of them that are printable ASCII. */
export interface DumpLine {
  offset: string;
  hex: string;
  text: string;
}

const WIDTH = 16;

/** The bytes behind a text: those of base64, else those of its UTF-8. */
export function bytesOf(text: string, format: string): Uint8Array {
  if (format !== 'base64') return new TextEncoder().encode(text);
  return Uint8Array.from(atob(text), (character) => character.codePointAt(0)!);
}

/** The first `limit` bytes, sixteen a line. */
export function hexDump(bytes: Uint8Array, limit = 2_048): DumpLine[] {
  const lines: DumpLine[] = [];
  for (let at = 0; at < Math.min(bytes.length, limit); at += WIDTH) {
    const part = [...bytes.subarray(at, Math.min(at + WIDTH, limit))];
    lines.push({
      offset: at.toString(16).padStart(6, '0'),
      hex: part.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
      text: part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCodePoint(byte) : '·')).join(''),
    });
  }
  return lines;
}
