import { decimal, percent, plural, share, spaced } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Section } from '../../ui/section.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import type { AgentGroup, LoggedPick } from './answers.ts';
import { type Contribution, contributionsOf } from './picks.ts';

const PICKS_SEEN = 200;

/** What the agents said about the newest picks of a universe and mode, and how those that they spoke about did. */
export function Contributions({ universe, mode }: { universe: string; mode: string }) {
  const picks = useAnswer<{ items: LoggedPick[] }>(
    universe === '' ? undefined : apiPath('/v1/picks', { universe, mode, limit: PICKS_SEEN }),
  );
  const performance = useAnswer<{ groups: AgentGroup[] }>(
    apiPath('/v1/recommendations/performance', { group_by: 'agent', mode }),
  );
  if (universe === '') return null;
  return (
    <Section id="agents" title="Agents’ contributions" note={`to picks of ${universe}, ${mode}`}>
      <Answered answer={picks} what="The logged picks">
        {({ items }) => {
          const rows = contributionsOf(items, performance.value?.groups ?? []);
          return rows.length === 0 ? (
            <Empty title="No agent’s contribution to these picks is logged.">
              <p>
                Log picks with what the agents said: <code>POST /v1/picks</code>.
              </p>
            </Empty>
          ) : (
            <>
              <Table
                label="Agents"
                columns={columns}
                rows={rows}
                keyOf={({ agent }) => agent}
                sorted={{ id: 'picks', down: true }}
              />
              <p class="quiet">
                Scores are of the newest {plural(items.length, 'logged pick')}; hit rates are those of all
                evaluated recommendations of {mode} that the agent spoke about.
              </p>
            </>
          );
        }}
      </Answered>
    </Section>
  );
}

const columns: readonly Column<Contribution>[] = [
  { id: 'agent', head: 'Agent', cell: ({ agent }) => spaced(agent), by: ({ agent }) => agent },
  { id: 'picks', head: 'Picks', figure: true, cell: ({ picks }) => picks, by: ({ picks }) => picks },
  {
    id: 'score',
    head: 'Mean score',
    figure: true,
    cell: ({ meanScore }) => decimal(meanScore, 1),
    by: ({ meanScore }) => meanScore,
  },
  {
    id: 'n',
    head: 'Evaluated',
    figure: true,
    cell: ({ group }) => decimal(group?.n, 0),
    by: ({ group }) => group?.n ?? null,
  },
  {
    id: 'hit',
    head: 'Hit rate',
    figure: true,
    cell: ({ group }) => share(group?.hit_rate.value),
    by: ({ group }) => group?.hit_rate.value ?? null,
  },
  {
    id: 'interval',
    head: '95 % interval',
    figure: true,
    cell: ({ group }) =>
      group?.hit_rate.interval_95 == null
        ? '–'
        : `${share(group.hit_rate.interval_95.low, 0)} to ${share(group.hit_rate.interval_95.high, 0)}`,
  },
  {
    id: 'return',
    head: 'Mean return',
    figure: true,
    cell: ({ group }) => percent(group?.average_return_pct.value, 2, { sign: true }),
    by: ({ group }) => group?.average_return_pct.value ?? null,
  },
];
