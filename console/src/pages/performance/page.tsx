import { Calibration } from '../../charts/calibration.tsx';
import { Intervals } from '../../charts/intervals.tsx';
import { plural } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { useFilters } from '../../lib/use-place.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Section } from '../../ui/section.tsx';
import type { Performance } from './answers.ts';
import { Equity } from './equity.tsx';
import { Figures } from './figures.tsx';
import { GroupTable } from './group-table.tsx';
import { groupings, PerformanceFilters } from './performance-filters.tsx';
import { intervalRows, points } from './plots.ts';

const noFilters = { group: 'mode', mode: '', universe: '', source: '', symbol: '', from: '', to: '' };
const INTERVALS_MAX = 20;

export default function PerformancePage() {
  const [filters, set] = useFilters(noFilters);
  const { group, from, to, ...others } = filters;
  const performance = useAnswer<Performance>(
    apiPath('/v1/recommendations/performance', {
      group_by: group,
      ...others,
      from: from === '' ? undefined : `${from}T00:00:00Z`,
      to: to === '' ? undefined : `${to}T00:00:00Z`,
    }),
  );
  return (
    <>
      <PageHead title="Performance">
        <PerformanceFilters filters={filters} set={set} />
      </PageHead>
      <Answered answer={performance} what="The performance">
        {(value) =>
          value.overall.n === 0 ? (
            <Empty title="No evaluated recommendation matches these filters.">
              <p>
                Choose others, or evaluate what is due from the price history:{' '}
                <code>POST /v1/recommendations/evaluate-due</code>.
              </p>
            </Empty>
          ) : (
            <Whole performance={value} by={groupings.find(({ value: id }) => id === group)?.name ?? group} />
          )
        }
      </Answered>
    </>
  );
}

function Whole({ performance, by }: { performance: Performance; by: string }) {
  const { overall, equity_curve: curve, groups } = performance;
  const rows = intervalRows(groups);
  const calibration = points(overall);
  return (
    <>
      <Figures of={overall} />
      <Section
        id="equity"
        title="Equity curve"
        note={`from 1, ${plural(curve.length, 'day')} with evaluations`}
      >
        <Equity curve={curve} />
      </Section>
      <div class="columns">
        <Section id="hit-rate" title="Hit rate" note={`by ${by}`}>
          <Intervals label={`Hit rate by ${by}`} rows={rows.slice(0, INTERVALS_MAX)} />
          {rows.length > INTERVALS_MAX && (
            <p class="quiet">
              The {INTERVALS_MAX} largest of {rows.length}; the table below has all.
            </p>
          )}
        </Section>
        <Section id="calibration" title="Calibration" note={`n ${overall.calibration.brier.n}`}>
          {calibration.length === 0 ? (
            <Empty title="No recommendation of these has a forecast to compare." />
          ) : (
            <Calibration points={calibration} />
          )}
        </Section>
      </div>
      <Section id="groups" title={`By ${by}`} note={plural(groups.length, 'group')}>
        <GroupTable groups={groups} by={by} />
      </Section>
    </>
  );
}
