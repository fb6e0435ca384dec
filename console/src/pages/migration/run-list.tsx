import type { Run } from './answers.ts';
import { duration } from '../../lib/format.ts';
import { exitMeaning } from '../../lib/words.ts';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';

export function RunList({ runs }: { runs: Run[] }) {
  if (runs.length === 0) return null;
  return (
    <Section id="runs" title="Runs">
      <div class="scroller" tabIndex={0} role="region" aria-labelledby="runs">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">Started (UTC)</th>
              <th scope="col">Command</th>
              <th scope="col" class="figure">
                Took
              </th>
              <th scope="col">Ended with</th>
              <th scope="col">Directory</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={String(run.id)}>
                <th scope="row">
                  <Time at={run.started_at} />
                </th>
                <td>{run.command}</td>
                <td class="figure">{took(run)}</td>
                <td>
                  {run.exit_code === null
                    ? 'not finished'
                    : `${run.exit_code}, ${exitMeaning(run.exit_code)}`}
                </td>
                <td>
                  <code>{run.directory}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function took({ started_at, finished_at }: Run): string {
  if (finished_at === null) return '–';
  return duration(new Date(finished_at).getTime() - new Date(started_at).getTime());
}
