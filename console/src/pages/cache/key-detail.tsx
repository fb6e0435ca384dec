import { bytes, count, NONE } from '../../lib/format.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { Answered } from '../../ui/answered.tsx';
import { Json } from '../../ui/json.tsx';
import type { KeyLook } from './answers.ts';
import { keyPath, lifeOf } from './keys-table.tsx';

export function KeyDetail({ name, remove }: { name: string; remove: () => void }) {
  const look = useAnswer<KeyLook>(keyPath(name));
  return (
    <div class="detail">
      <div class="part-head">
        <h3>
          <code>{name}</code>
        </h3>
        <button type="button" onClick={remove}>
          Remove…
        </button>
      </div>
      <Answered answer={look} what="The key" missing={<p class="quiet">It is gone meanwhile.</p>}>
        {(value) => (
          <>
            <p class="quiet">
              {value.type}, {count(value.length)} long, {value.bytes === null ? NONE : bytes(value.bytes)} of
              memory, life: {lifeOf(value)}
              {!value.complete && '; only the beginning is shown'}
            </p>
            {value.value === null ? (
              <p class="quiet">It is too large to be shown.</p>
            ) : (
              <Json value={parsed(value.value)} />
            )}
          </>
        )}
      </Answered>
    </div>
  );
}

/** JSON in a text is easier to read laid out; any other text stays as it is. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    // It only began like JSON.
    return value;
  }
}
