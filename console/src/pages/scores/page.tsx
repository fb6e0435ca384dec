import { plural } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { useKnown } from '../../lib/use-known.ts';
import { useFilters } from '../../lib/use-place.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import type { Score } from './answers.ts';
import { Ranking } from './ranking.tsx';
import { noFilters, ScoreFilters } from './score-filters.tsx';

const ASK_EVERY_MS = 30_000;
export default function ScoresPage() {
  const known = useKnown();
  const [filters, set] = useFilters(noFilters);
  const { universe, symbols, confidence, actionable } = filters;
  // The service ranks among symbols; which belong to a universe is known by what was recommended in it.
  const members = symbols === '' && universe !== '' ? known.symbolsOf(universe).join(',') : symbols;
  const ready = universe === '' || symbols !== '' || members !== '';
  const scores = useAnswer<{ items: Score[] }>(
    ready
      ? apiPath('/v1/scores/top', { symbols: members, n: 500, min_confidence: confidence, actionable })
      : undefined,
    ASK_EVERY_MS,
  );
  return (
    <>
      <PageHead title="Scores">
        <ScoreFilters filters={filters} set={set} universes={known.universes} />
      </PageHead>
      <Answered answer={scores} what="The scores">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No live score matches.">
              <p>
                Scores live for six hours. A scorer writes them with <code>PUT /v1/scores</code>; wider
                filters show more.
              </p>
            </Empty>
          ) : (
            <Section
              id="ranking"
              title="Ranking"
              note={
                <>
                  {plural(items.length, 'symbol')}
                  {universe !== '' && symbols === '' && ` recommended in ${universe}`}, newest of{' '}
                  <Time at={newest(items)} /> UTC
                </>
              }
            >
              <Ranking scores={items} />
            </Section>
          )
        }
      </Answered>
    </>
  );
}

const newest = (scores: readonly Score[]): string =>
  scores.reduce((latest, { timestamp }) => (timestamp > latest ? timestamp : latest), '');
