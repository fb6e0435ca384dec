import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { rememberKey, whenKeyNeeded } from './lib/api.ts';
import { forgetAnswers, useAnswer } from './lib/use-answer.ts';
import { usePlace } from './lib/use-place.ts';
import type { Health } from './lib/health.ts';
import { pages } from './pages.ts';
import { KeyForm } from './ui/key-form.tsx';
import { Masthead } from './ui/masthead.tsx';
import { Navigation } from './ui/navigation.tsx';

/** Often enough to notice a tier that goes, seldom enough to be nobody's load. */
const HEALTH_EVERY_MS = 10_000;

export function App() {
  const place = usePlace();
  const health = useAnswer<Health>('/health', HEALTH_EVERY_MS);
  const [keyNeeded, setKeyNeeded] = useState(false);
  /** Counts the keys that were given: with another one every page begins anew. */
  const [session, setSession] = useState(0);
  const main = useRef<HTMLElement>(null);
  const entry = place.page === '' ? pages[0]! : pages.find(({ id }) => id === place.page);
  const title = entry?.name ?? 'Not found';

  useEffect(() => whenKeyNeeded(() => setKeyNeeded(true)), []);
  useEffect(() => {
    document.title = `${title} · Stockroom`;
  }, [title]);
  const first = useRef(true);
  useEffect(() => {
    // Where a link led is where reading goes on; at the start the browser decides.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    scrollTo(0, 0);
  }, [title]);
  const { again } = health;
  const useKey = useCallback(
    (key: string) => {
      rememberKey(key);
      forgetAnswers();
      setKeyNeeded(false);
      setSession((count) => count + 1);
      again();
    },
    [again],
  );
  return (
    <>
      <button type="button" class="skip-link" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <Masthead health={health} />
      <div class="frame">
        <Navigation current={entry?.id} />
        <main ref={main} tabIndex={-1} key={session} aria-label={title}>
          {keyNeeded ? <KeyForm onKey={useKey} /> : entry === undefined ? <NotFound /> : <entry.Page />}
        </main>
      </div>
    </>
  );
}

function NotFound() {
  return (
    <div class="notice">
      <h1>There is no such page.</h1>
      <p>
        The address names a page that this console does not have. <a href="#/overview">Go to the overview</a>.
      </p>
    </div>
  );
}
