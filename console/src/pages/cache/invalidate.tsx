import { useState } from 'preact/hooks';
import { ask } from '../../lib/api.ts';
import { Confirm } from '../../ui/confirm.tsx';

interface Asked {
  by: 'tag' | 'prefix';
  text: string;
}

/** Removes what has a tag, or whose key begins so, in every process. */
export function Invalidate({ done }: { done: () => void }) {
  const [by, setBy] = useState<Asked['by']>('prefix');
  const [text, setText] = useState('');
  const [asked, setAsked] = useState<Asked>();
  const [said, setSaid] = useState('');
  const act = async (): Promise<void> => {
    const answer = await ask<Record<string, unknown>>('/v1/cache/invalidate', {
      method: 'POST',
      body: { [by]: text },
    });
    setSaid(`Invalidated ${by} ${text}: ${JSON.stringify(answer)}`);
    done();
  };
  return (
    <>
      <form
        class="filters invalidate"
        onSubmit={(event) => {
          event.preventDefault();
          if (text !== '') setAsked({ by, text });
        }}
      >
        <label class="field">
          <span>Invalidate by</span>
          <select value={by} onChange={(event) => setBy(event.currentTarget.value as Asked['by'])}>
            <option value="prefix">prefix</option>
            <option value="tag">tag</option>
          </select>
        </label>
        <label class="field">
          <span>{by === 'tag' ? 'Tag' : 'Keys that begin with'}</span>
          <input
            value={text}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={text === ''}>
          Invalidate…
        </button>
        <p role="status" class="quiet">
          {said}
        </p>
      </form>
      {asked !== undefined && (
        <Confirm
          title={`Invalidate what ${asked.by === 'tag' ? 'has the tag' : 'begins with'} ${asked.text}?`}
          verb="Invalidate"
          danger
          act={act}
          onClose={() => setAsked(undefined)}
        >
          <p>
            Values of the market cache and their copies go, in every process. The next read of each is a miss
            and fetches it again.
          </p>
        </Confirm>
      )}
    </>
  );
}
