/** The bytes of a row as a person can read them. */
export interface Original {
  /** The text of the row, or its bytes in base64 when they are no text. */
  original: string;
  original_format: 'json' | 'text' | 'base64';
  /** Of the whole original, in bytes; `original` is its beginning when it holds less. */
  original_bytes: number;
  original_truncated: boolean;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param bytes the original or its beginning
 * @param size of the whole original
 */
export function describeOriginal(bytes: Uint8Array, size: number): Original {
  const truncated = bytes.length < size;
  const about = { original_bytes: size, original_truncated: truncated };
  let text: string;
  try {
    // A character that the cut went through is left out; anything else that is no UTF-8 is not text.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: truncated });
  } catch {
    return { original: Buffer.from(bytes).toString('base64'), original_format: 'base64', ...about };
  }
  return { original: text, original_format: !truncated && isJson(text) ? 'json' : 'text', ...about };
}
