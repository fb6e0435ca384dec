const special = /[%:{}*?[\]\\\p{Cc}\p{Cs}]/u;
const specials = new RegExp(special.source, 'gu');

function escapeOne(character: string): string {
  // Half a surrogate pair has no UTF-8.
  if (/\p{Cs}/u.test(character)) return `%u${character.charCodeAt(0).toString(16)}`;
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

/**
 * One part of a key. What separates parts (`:`), what Cluster takes for a hash tag (`{}`) and what has a meaning in a pattern is
 * percent-encoded, so that no two lists of parts give the same key and no part matches another.
 */
export function keyPart(part: string): string {
  return special.test(part) ? part.replace(specials, escapeOne) : part;
}

/** The part that `keyPart` made this of. */
export function partOf(escaped: string): string {
  if (!escaped.includes('%')) return escaped;
  return escaped.replace(
    /%u([0-9a-f]{4})|((?:%[0-9a-f]{2})+)/g,
    (_, half: string | undefined, bytes: string) =>
      half === undefined
        ? Buffer.from(bytes.replaceAll('%', ''), 'hex').toString()
        : String.fromCharCode(Number.parseInt(half, 16)),
  );
}

/**
 * A key that belongs to another one and stands in the same Cluster slot: the whole of the other is its hash tag. Parts are
 * escaped, so no key has braces of its own.
 */
export function companionKey(prefix: string, kind: string, key: string): string {
  return `${prefix}${kind}:{${key}}`;
}
