import type { KeyLook, LookBounds, ProjectionContent } from '../port.ts';
import { type Calls, pairsOf } from './calls.ts';

/** As the script gives it: kind, life, bytes, length, whether a text was cut, then what was found. */
type Found = [kind: string, lifeMs: number, bytes: number, length: number, cut: number, ...values: string[]];

/** One script, so that what is told was there at once. */
export async function lookAt(calls: Calls, key: string, bounds: LookBounds): Promise<KeyLook | undefined> {
  const args = [bounds.maxItems, bounds.maxTextLength, bounds.maxBytes].map(String);
  const found = await calls.run<Found | null>('look', [key], args);
  if (found === null) return undefined;
  const [type, lifeMs, bytes, length, cut, ...values] = found;
  const content = contentOf(type, values, length);
  return {
    type,
    lifeMs: lifeMs < 0 ? undefined : lifeMs,
    bytes: bytes < 0 ? undefined : bytes,
    length,
    content,
    complete: content !== undefined && cut === 0 && isWhole(type, values, length, bounds),
  };
}

function isWhole(type: string, values: readonly string[], length: number, bounds: LookBounds): boolean {
  if (type === 'string') return length <= bounds.maxTextLength;
  return (type === 'set' ? values.length : values.length / 2) === length;
}

function contentOf(type: string, values: readonly string[], length: number): ProjectionContent | undefined {
  if (type === 'string') return { kind: 'text', text: values[0] ?? '' };
  if (values.length === 0 && length > 0) return undefined;
  if (type === 'hash') return { kind: 'hash', fields: Object.fromEntries(pairsOf(values)) };
  if (type === 'set') return { kind: 'set', members: values };
  if (type !== 'zset') return undefined;
  const members = pairsOf(values).map(([id, score]) => ({ id, score: Number(score) }));
  return { kind: 'ranking', members };
}
