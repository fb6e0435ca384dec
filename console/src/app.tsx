import { useCallback } from 'preact/hooks';
import type { Migration } from './answers.ts';
import { type ApiError, getHealth, getMigration, rememberKey } from './api.ts';
import { FileLists } from './file-lists.tsx';
import { Header } from './header.tsx';
import { KeyForm } from './key-form.tsx';
import { Quarantine } from './quarantine.tsx';
import { RunList } from './run-list.tsx';
import { SourcesTable } from './sources-table.tsx';
import { useAnswer } from './use-answer.ts';
import { VerdictPanel } from './verdict-panel.tsx';
import { Warnings } from './warnings.tsx';

/** Often enough to notice a run that ends or a tier that goes, seldom enough to be nobody's load. */
const ASK_EVERY_MS = 10_000;

export function App() {
  const migration = useAnswer(getMigration, ASK_EVERY_MS);
  const health = useAnswer(getHealth, ASK_EVERY_MS);
  const { again: askMigration, answer } = migration;
  const { again: askHealth } = health;
  const useKey = useCallback(
    (key: string) => {
      rememberKey(key);
      askMigration();
      askHealth();
    },
    [askMigration, askHealth],
  );

  return (
    <>
      <a class="skip-link" href="#report">
        Skip to the report
      </a>
      <Header health={health.answer} />
      <main id="report">
        {answer.state === 'loading' && <p class="quiet">Reading the books…</p>}
        {answer.state === 'failed' && <Failure error={answer.error} onKey={useKey} again={askMigration} />}
        {answer.state === 'ready' && <Report migration={answer.value} />}
      </main>
    </>
  );
}

function Failure(props: { error: ApiError; onKey: (key: string) => void; again: () => void }) {
  const { error, onKey, again } = props;
  if (error.status === 401) return <KeyForm onKey={onKey} />;
  return (
    <section class="notice difference" role="alert">
      <h1>The report cannot be read.</h1>
      <p>{error.message}</p>
      <p class="code">{error.code}</p>
      <button type="button" onClick={again}>
        Try again
      </button>
    </section>
  );
}

function Report({ migration }: { migration: Migration }) {
  const { last, runs } = migration;
  if (last === null) return <Empty runs={runs} />;
  const { report } = last;
  return (
    <>
      <VerdictPanel run={last} report={report} newest={runs[0]} />
      <SourcesTable sources={report.sources} />
      <Warnings warnings={report.warnings} />
      <FileLists unreadable={report.unreadable} unclaimed={report.unclaimed} />
      <Quarantine key={String(last.id)} sources={report.sources} />
      <RunList runs={runs} />
    </>
  );
}

function Empty({ runs }: { runs: Migration['runs'] }) {
  return (
    <>
      <section class="notice">
        <h1>No migration yet.</h1>
        <p>
          Point Stockroom at the old application’s directory, the one that holds <code>cache/</code> and{' '}
          <code>data/</code>:
        </p>
        <pre>
          <code>stockroom start --legacy DIR</code>
        </pre>
        <p>
          It copies every source, compares every row with what it read, and shows the result here. To see it
          with made-up data first: <code>stockroom sample DIR</code>.
        </p>
      </section>
      <RunList runs={runs} />
    </>
  );
}
