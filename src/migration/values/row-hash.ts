/**
 * The hash of a row: two 32-bit lanes in the manner of MurmurHash3 (Appleby, public domain), 64 bits in all. It proves
 * that two rows are the same against faults, not against an adversary; what a certificate states is SHA-256 over these.
 *
 * A field is hashed as its bytes in PostgreSQL's binary format, length word included, so that the hash of a source row
 * (as written to COPY) and of the loaded row (as read from COPY) need no conversion. JSON documents are the exception:
 * jsonb keeps a document, not its text, so they go in as the hash of what they mean (json-scan.ts).
 */
export class RowHash {
  a = 0;
  b = 0;

  reset(): void {
    this.a = 0x2f0b4f1d;
    this.b = 0x6a09e667;
  }

  word(value: number): void {
    let k = Math.imul(value, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    const a = this.a ^ Math.imul(k, 0x1b873593);
    this.a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    let l = Math.imul(value, 0x239b961b);
    l = (l << 16) | (l >>> 16);
    const b = this.b ^ Math.imul(l, 0xab0e9789);
    this.b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x561ccd1b + this.a) | 0;
  }

  bytes(buffer: Uint8Array, start: number, end: number): void {
    let { a, b } = this;
    let position = start;
    // The loop is `word` with its state in locals: it runs over every byte that is copied and verified.
    while (position < end) {
      let value: number;
      if (position + 4 <= end) {
        value =
          buffer[position]! |
          (buffer[position + 1]! << 8) |
          (buffer[position + 2]! << 16) |
          (buffer[position + 3]! << 24);
        position += 4;
      } else {
        value = end - position;
        for (let shift = 8; position < end; position++, shift += 8) value |= buffer[position]! << shift;
      }
      let k = Math.imul(value, 0xcc9e2d51);
      k = (k << 15) | (k >>> 17);
      a ^= Math.imul(k, 0x1b873593);
      a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
      let l = Math.imul(value, 0x239b961b);
      l = (l << 16) | (l >>> 16);
      b ^= Math.imul(l, 0xab0e9789);
      b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x561ccd1b + a) | 0;
    }
    this.a = a;
    this.b = b;
  }

  finish(): void {
    this.a = avalanche(this.a ^ this.b);
    this.b = avalanche(this.b + this.a);
  }
}

/** MurmurHash3's finalizer: every bit of the input moves every bit of the output. */
function avalanche(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
