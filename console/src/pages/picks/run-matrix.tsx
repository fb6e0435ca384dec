import { plural } from '../../lib/format.ts';
import { Ago } from '../../ui/time.tsx';
import type { RunHead } from './answers.ts';

interface Chosen {
  universe: string;
  mode: string;
}

interface Props {
  universes: readonly string[];
  modes: readonly string[];
  known: Map<string, Map<string, RunHead>>;
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
}

/** Universes down, modes across; a cell opens its picks below. */
export function RunMatrix({ universes, modes, known, chosen, choose }: Props) {
  return (
    <div class="scroller" tabIndex={0} role="region" aria-label="Latest runs">
      <table class="grid matrix">
        <thead>
          <tr>
            <th scope="col">Universe</th>
            {modes.map((mode) => (
              <th key={mode} scope="col">
                {mode}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {universes.map((universe) => (
            <tr key={universe}>
              <th scope="row">{universe}</th>
              {modes.map((mode) => {
                const run = known.get(universe)?.get(mode);
                const pressed = chosen.universe === universe && chosen.mode === mode;
                return (
                  <td key={mode} class={pressed ? 'chosen' : ''}>
                    {run === undefined ? (
                      <span class="none">–</span>
                    ) : (
                      <button
                        type="button"
                        class="cell"
                        aria-pressed={pressed}
                        onClick={() => choose({ universe, mode })}
                      >
                        <b>{plural(run.picks_count, 'pick')}</b>
                        <small>
                          <Ago at={run.generated_at} />
                        </small>
                      </button>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
