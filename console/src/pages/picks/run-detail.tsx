import { useEffect, useRef } from 'preact/hooks';
import { count, decimal, duration, plural, spaced } from '../../lib/format.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Json } from '../../ui/json.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import type { Pick, Run } from './answers.ts';
import { agentNames, picksIn } from './picks.ts';
import { PicksTable } from './picks-table.tsx';

/** A run in full: its picks, what each agent said of each, and its payload as it was kept. */
export function RunDetail({ run: id, close }: { run: string; close: () => void }) {
  const run = useAnswer<Run>(`/v1/top-picks/runs/${encodeURIComponent(id)}`);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: 'start' }), [id]);
  const missing = (
    <Empty title={`There is no run ${id}.`}>
      <p>It may have been archived. Choose another one below.</p>
    </Empty>
  );
  return (
    <div ref={place} class="detail">
      <Section
        id="run"
        title="Run"
        note={<code>{id}</code>}
        tools={
          <button type="button" onClick={close}>
            Close
          </button>
        }
      >
        <Answered answer={run} what="The run" missing={missing}>
          {(value) => <Whole run={value} />}
        </Answered>
      </Section>
    </div>
  );
}

function Whole({ run }: { run: Run }) {
  const picks = picksIn(run.payload);
  return (
    <>
      <dl class="facts">
        <dt>Universe, mode</dt>
        <dd>
          {run.universe}, {run.mode}
        </dd>
        <dt>Generated</dt>
        <dd>
          <Time at={run.generated_at} seconds /> UTC
        </dd>
        <dt>Trigger</dt>
        <dd>{run.trigger ?? '–'}</dd>
        <dt>Analyzed, passed, picked</dt>
        <dd>
          {[run.total_analyzed, run.filtered_count, run.picks_count]
            .map((value) => (value === null ? '–' : count(value)))
            .join(', ')}
        </dd>
        <dt>Took</dt>
        <dd>{run.elapsed_sec === null ? '–' : duration(run.elapsed_sec * 1_000)}</dd>
      </dl>
      {picks.length === 0 ? (
        <p class="quiet">It picked nothing.</p>
      ) : (
        <>
          <PicksTable label={plural(picks.length, 'pick')} picks={picks} />
          <AgentScores picks={picks} />
        </>
      )}
      <Json value={run.payload} title="Payload" />
    </>
  );
}

/** Symbols down, agents across; the darker a cell, the higher the score in it. */
function AgentScores({ picks }: { picks: readonly Pick[] }) {
  const names = agentNames(picks);
  if (names.length === 0) return null;
  return (
    <>
      <h3>What the agents said</h3>
      <div class="scroller" tabIndex={0} role="region" aria-label="Scores by agent">
        <table class="grid heat">
          <thead>
            <tr>
              <th scope="col">Symbol</th>
              {names.map((name) => (
                <th key={name} scope="col" class="figure">
                  {spaced(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {picks.map((pick) => (
              <tr key={`${pick.rank ?? ''} ${pick.symbol}`}>
                <th scope="row">{pick.symbol}</th>
                {names.map((name) => {
                  const score = pick.agents.find((agent) => agent.name === name)?.score;
                  return (
                    <td key={name} class={`figure ${score === undefined ? 'none' : `heat-${step(score)}`}`}>
                      {decimal(score, 1)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** Scores from 0 to 100 in five steps. */
const step = (score: number): number => Math.min(4, Math.max(0, Math.floor(score / 20)));
