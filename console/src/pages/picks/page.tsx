import { plural } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { useFilters } from '../../lib/use-place.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Section } from '../../ui/section.tsx';
import type { Latest, RunHead } from './answers.ts';
import { Contributions } from './contributions.tsx';
import { latestRuns, pickOf } from './picks.ts';
import { PicksTable } from './picks-table.tsx';
import { RunDetail } from './run-detail.tsx';
import { RunHistory } from './run-history.tsx';
import { RunMatrix } from './run-matrix.tsx';

const ASK_EVERY_MS = 30_000;
/** Runs looked through for the newest of each universe and mode. */
const RUNS_SEEN = 500;

export default function PicksPage() {
  const [{ universe, mode, run }, set] = useFilters({ universe: '', mode: '', run: '' });
  const runs = useAnswer<{ items: RunHead[] }>(
    apiPath('/v1/top-picks/runs', { limit: RUNS_SEEN }),
    ASK_EVERY_MS,
  );
  const known = latestRuns(runs.value?.items ?? []);
  const newest = runs.value?.items.find(({ picks_count: picks }) => picks > 0);
  const [of, at] = universe === '' ? [newest?.universe ?? '', newest?.mode ?? ''] : [universe, mode];
  const universes = [...new Set((runs.value?.items ?? []).map((item) => item.universe))].sort();
  const modes = [...new Set((runs.value?.items ?? []).map((item) => item.mode))].sort();
  return (
    <>
      <PageHead title="Picks" />
      {run !== '' && <RunDetail run={run} close={() => set({ run: '' })} />}
      <Answered answer={runs} what="The runs">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No run has been saved.">
              <p>
                The engine saves one with <code>POST /v1/top-picks/runs</code>; runs of the old application
                come with its migration.
              </p>
            </Empty>
          ) : (
            <>
              <Section id="latest" title="Latest" note="the newest run with picks, by universe and mode">
                <RunMatrix
                  universes={universes}
                  modes={modes}
                  known={known}
                  chosen={{ universe: of, mode: at }}
                  choose={(next) => set(next)}
                />
                <LatestPicks universe={of} mode={at} />
              </Section>
              <RunHistory universes={universes} modes={modes} open={(id) => set({ run: id })} chosen={run} />
            </>
          )
        }
      </Answered>
      <Contributions universe={of} mode={at} />
    </>
  );
}

function LatestPicks({ universe, mode }: { universe: string; mode: string }) {
  const path = universe === '' ? undefined : apiPath('/v1/top-picks/latest', { universe, mode });
  const latest = useAnswer<Latest>(path, ASK_EVERY_MS);
  const missing = <Empty title={`No run of ${universe}, ${mode} has picked anything.`} />;
  return (
    <Answered answer={latest} what="The latest picks" missing={missing}>
      {({ items }) => (
        <PicksTable
          label={`${plural(items.length, 'pick')} of ${universe}, ${mode}`}
          picks={items.map(pickOf)}
        />
      )}
    </Answered>
  );
}
