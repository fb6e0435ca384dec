import { plural } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { useFilters } from '../../lib/use-place.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Section } from '../../ui/section.tsx';
import type { Latest, RunHead, Universe } from './answers.ts';
import { Contributions } from './contributions.tsx';
import { latestRuns, pickOf } from './picks.ts';
import { PicksTable } from './picks-table.tsx';
import { RunDetail } from './run-detail.tsx';
import { RunHistory } from './run-history.tsx';
import { RunMatrix } from './run-matrix.tsx';

const ASK_EVERY_MS = 30_000;

export default function PicksPage() {
  const [{ universe, mode, run }, set] = useFilters({ universe: '', mode: '', run: '' });
  const known = useAnswer<{ items: Universe[] }>('/v1/top-picks/universes', ASK_EVERY_MS);
  const items = known.value?.items ?? [];
  const newest = newestOf(items);
  const [of, at] = universe === '' ? [newest?.universe ?? '', newest?.mode ?? ''] : [universe, mode];
  const universes = distinct(items.map((item) => item.universe));
  const modes = distinct(items.map((item) => item.mode));
  return (
    <>
      <PageHead title="Picks" />
      {run !== '' && <RunDetail run={run} close={() => set({ run: '' })} />}
      <Answered answer={known} what="The runs">
        {({ items: all }) =>
          all.length === 0 ? (
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
                  known={latestRuns(all)}
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

const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort();

const newestOf = (universes: readonly Universe[]): RunHead | undefined =>
  universes
    .flatMap(({ latest }) => latest ?? [])
    .sort((one, other) => (one.generated_at < other.generated_at ? 1 : -1))[0];

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
