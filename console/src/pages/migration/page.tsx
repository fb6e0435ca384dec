import { useEffect, useState } from 'preact/hooks';
import { useAnswer } from '../../lib/use-answer.ts';
import { useEvents } from '../../lib/use-events.ts';
import { Answered } from '../../ui/answered.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import type { Migration } from './answers.ts';
import { FileLists } from './file-lists.tsx';
import { type LiveSource, liveAfter, nothingYet } from './live.ts';
import { Progress } from './progress.tsx';
import { Quarantine } from './quarantine.tsx';
import { RunList } from './run-list.tsx';
import { SourcesTable } from './sources-table.tsx';
import { Stages } from './stages.tsx';
import { VerdictPanel } from './verdict-panel.tsx';
import { Warnings } from './warnings.tsx';

/** Events tell of a run as it goes; this is for a service without them. */
const ASK_EVERY_MS = 10_000;

export default function MigrationPage() {
  const migration = useAnswer<Migration>('/v1/migration', ASK_EVERY_MS);
  const [live, setLive] = useState(nothingYet);
  useEvents('migration', (event) => setLive((before) => liveAfter(before, event)));
  const { again } = migration;
  const told = `${live.run?.id} ${live.run?.finished_at}`;
  // A run that began or ended since the report was read: there is another one to read.
  useEffect(() => {
    if (live.run !== null) again();
  }, [told, again]);
  return (
    <>
      <PageHead title="Migration" />
      <Answered answer={migration} what="The migration">
        {(value) => (
          <>
            <Report migration={value} sources={live.sources} />
            <Stages />
            {value.last !== null && (
              <Quarantine key={String(value.last.id)} sources={value.last.report.sources} />
            )}
            <RunList runs={value.runs} />
          </>
        )}
      </Answered>
    </>
  );
}

function Report({ migration, sources }: { migration: Migration; sources: readonly LiveSource[] }) {
  const { last, runs } = migration;
  const [newest] = runs;
  const running = newest !== undefined && newest.finished_at === null ? newest : undefined;
  return (
    <>
      {running !== undefined && <Progress run={running} sources={sources} />}
      {last === null ? (
        running === undefined && <Nothing />
      ) : (
        <>
          <VerdictPanel run={last} report={last.report} />
          <SourcesTable sources={last.report.sources} />
          <Warnings warnings={last.report.warnings} />
          <FileLists unreadable={last.report.unreadable} unclaimed={last.report.unclaimed} />
        </>
      )}
    </>
  );
}

function Nothing() {
  return (
    <section class="notice">
      <p class="notice-head">No migration yet.</p>
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
  );
}
