/** What a text costs beside its characters: its header and its place in a collection. */
const TEXT_OVERHEAD_BYTES = 48;
const CHARACTER_BYTES = 2;

/** An estimate of what texts hold of memory, from their lengths alone. */
export function textBytes(...texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + TEXT_OVERHEAD_BYTES + text.length * CHARACTER_BYTES, 0);
}
