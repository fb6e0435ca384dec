import type { Tone } from './tiles.tsx';

/** A word with a mark whose shape says the same as its colour. */
export function State({ tone, children }: { tone: Tone; children: string }) {
  return <span class={`state ${tone}`}>{children}</span>;
}
