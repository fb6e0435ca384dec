import { useMemo } from 'preact/hooks';
import { apiPath } from './url.ts';
import { useAnswer } from './use-answer.ts';

interface Recommendation {
  symbol: string;
  mode: string;
  universe: string | null;
  source: string | null;
}

export interface Known {
  symbols: string[];
  modes: string[];
  universes: string[];
  sources: string[];
  /** The symbols that were recommended in a universe. */
  symbolsOf: (universe: string) => string[];
}

/** Enough to know the names in use. */
const SEEN = 200;

const distinct = (values: readonly (string | null)[]): string[] =>
  [...new Set(values.filter((value): value is string => value !== null && value !== ''))].sort();

/** The names that the newest recommendations and the saved runs have, for filters to choose from. */
export function useKnown(): Known {
  const { value } = useAnswer<{ items: Recommendation[] }>(apiPath('/v1/recommendations', { limit: SEEN }));
  const runs = useAnswer<{ items: { universe: string; mode: string }[] }>('/v1/top-picks/universes');
  return useMemo(() => {
    const items = value?.items ?? [];
    const seen = runs.value?.items ?? [];
    return {
      symbols: distinct(items.map(({ symbol }) => symbol)),
      modes: distinct([...items, ...seen].map(({ mode }) => mode)),
      universes: distinct([...items, ...seen].map(({ universe }) => universe)),
      sources: distinct(items.map(({ source }) => source)),
      symbolsOf: (universe) =>
        distinct(items.filter((item) => item.universe === universe).map(({ symbol }) => symbol)),
    };
  }, [value, runs.value]);
}
