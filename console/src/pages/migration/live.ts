import type { ServerEvent } from '../../lib/events.ts';
import type { Run } from './answers.ts';

export interface LiveSource {
  id: string;
  phase: 'inspect' | 'copy' | 'verify' | null;
  /** Rows or other units of the phase; null while it is not known. */
  done: number | null;
  total: number | null;
  loaded: number;
  quarantined: number;
}

/** How far a run is, out of the events that were told of it. */
export interface Live {
  run: Run | null;
  sources: LiveSource[];
}

export const nothingYet: Live = { run: null, sources: [] };

interface Told {
  run: Run | null;
  sources: { id: string; loaded: number; quarantined: number }[];
}

interface Step {
  source: string;
  phase: 'inspect' | 'copy' | 'verify';
  done: number;
  total?: number;
}

/** What is known after an event; other events than those of the migration change nothing. */
export function liveAfter(live: Live, { name, data }: ServerEvent): Live {
  if (name === 'migration') {
    const { run, sources } = JSON.parse(data) as Told;
    const known = live.run?.id === run?.id ? live.sources : [];
    const told = sources.map(({ id, loaded, quarantined }) => ({
      ...stepOf(known, id),
      loaded,
      quarantined,
    }));
    // A source may have begun to be read before the books hold anything of it.
    const begun = known.filter(({ id }) => !sources.some((source) => source.id === id));
    return { run, sources: [...told, ...begun] };
  }
  if (name !== 'progress') return live;
  const { source, phase, done, total } = JSON.parse(data) as Step;
  const step = { ...stepOf(live.sources, source), phase, done, total: total ?? null };
  const others = live.sources.some(({ id }) => id === source)
    ? live.sources.map((known) => (known.id === source ? step : known))
    : [...live.sources, step];
  return { ...live, sources: others };
}

function stepOf(sources: readonly LiveSource[], id: string): LiveSource {
  const known = sources.find((source) => source.id === id);
  return known ?? { id, phase: null, done: null, total: null, loaded: 0, quarantined: 0 };
}
