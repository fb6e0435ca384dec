import { createHash } from 'node:crypto';

/**
 * SHA-256 of a value by its meaning: members of objects in any order give the same hash, as do `undefined` and an absent
 * member. Takes what JSON takes, and bigint.
 */
export function payloadHash(value: unknown): Uint8Array {
  return new Uint8Array(createHash('sha256').update(canonical(value)).digest());
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    const members = Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(members);
  });
}
