import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { QuarantinedRow, SourceReport } from './answers.ts';
import { getQuarantine } from './api.ts';
import { count, plural } from './format.ts';
import { Original } from './original.tsx';
import { quarantineReason } from './words.ts';

interface Shown {
  items: QuarantinedRow[];
  next: string | null;
  fault: string | undefined;
  loading: boolean;
}

const nothing: Shown = { items: [], next: null, fault: undefined, loading: true };

/** Every row that was set aside, with the reason and as it was found, a page at a time. */
export function Quarantine({ sources }: { sources: SourceReport[] }) {
  const [source, setSource] = useState('');
  const [shown, setShown] = useState<Shown>(nothing);
  const concerned = sources.filter(({ quarantined }) => quarantined > 0);
  const chosen = source === '' ? concerned : concerned.filter(({ id }) => id === source);
  const total = chosen.reduce((sum, { quarantined }) => sum + quarantined, 0);

  const wanted = useRef(source);
  const show = useCallback(async (of: string, before: Shown) => {
    setShown({ ...before, loading: true });
    const page = await load(of, before);
    // Another source was chosen meanwhile: its answer is the one to show.
    if (wanted.current === of) setShown(page);
  }, []);

  useEffect(() => {
    wanted.current = source;
    void show(source, nothing);
  }, [source, show]);

  if (total === 0 && shown.items.length === 0) return null;
  return (
    <section aria-labelledby="quarantine">
      <h2 id="quarantine">
        Quarantine <small>{plural(total, 'row')}</small>
      </h2>
      {concerned.length > 1 && (
        <label class="filter">
          Source{' '}
          <select value={source} onChange={(event) => setSource(event.currentTarget.value)}>
            <option value="">all</option>
            {concerned.map(({ id, quarantined }) => (
              <option key={id} value={id}>
                {id} ({count(quarantined)})
              </option>
            ))}
          </select>
        </label>
      )}
      <ol class="held">
        {shown.items.map((row) => (
          <HeldRow key={String(row.id)} row={row} />
        ))}
      </ol>
      {shown.fault !== undefined && <p role="alert">{shown.fault}</p>}
      <p class="pager" aria-live="polite">
        {shown.loading
          ? 'Reading…'
          : `${count(shown.items.length)} of ${count(Math.max(total, shown.items.length))} shown`}
        {shown.next !== null && !shown.loading && (
          <button type="button" onClick={() => void show(source, shown)}>
            Show more
          </button>
        )}
      </p>
    </section>
  );
}

/** The next page after what is shown; a failure is shown in its place and can be tried again. */
async function load(source: string, before: Shown): Promise<Shown> {
  try {
    const { items, next_cursor: next } = await getQuarantine(source, before.next);
    return { items: [...before.items, ...items], next, fault: undefined, loading: false };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { ...before, fault, loading: false };
  }
}

function HeldRow({ row }: { row: QuarantinedRow }) {
  return (
    <li>
      <div class="held-words">
        <h3>{quarantineReason(row.reason)}</h3>
        <p>{row.detail}</p>
        <dl class="tags">
          <dt>Source</dt>
          <dd>
            <code>{row.column === null ? row.source : `${row.source}.${row.column}`}</code>
          </dd>
          <dt>File</dt>
          <dd>
            <code>{row.file}</code>
          </dd>
          <dt>Key</dt>
          <dd>
            <code>{row.key}</code>
          </dd>
          <dt>Reason</dt>
          <dd class="code">{row.reason}</dd>
        </dl>
      </div>
      <Original row={row} />
    </li>
  );
}
