import { NONE, usd } from '../lib/format.ts';

/** Money for people; the whole decimal is its title. */
export function Usd({ value }: { value: string | null | undefined }) {
  if (value === null || value === undefined) return <span class="none">{NONE}</span>;
  return <span title={`US dollars ${value}`}>{usd(value)}</span>;
}
