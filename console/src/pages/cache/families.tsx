import { count } from '../../lib/format.ts';
import type { Family } from './key-families.ts';

interface Props {
  families: readonly Family[];
  chosen: string;
  choose: (prefix: string) => void;
}

/** The first parts of the keys that were read so far; one of them narrows the list. */
export function Families({ families, chosen, choose }: Props) {
  return (
    <div class="chips" role="group" aria-label="Prefixes">
      {families.map(({ prefix, keys }) => (
        <button key={prefix} type="button" aria-pressed={prefix === chosen} onClick={() => choose(prefix)}>
          <code>{prefix}</code> {count(keys)}
        </button>
      ))}
    </div>
  );
}
