import { useEffect, useState } from 'preact/hooks';
import { ApiError, ask } from './api.ts';
import { type Sample, samplesIn, withSample } from './samples.ts';

const EVERY_MS = 10_000;
const KEY_NAME = 'stockroom-hit-samples';

interface MarketStats {
  fresh_hits: number;
  copies_given: number;
  misses: number;
}
interface Counted {
  hits: number | null;
  misses: number | null;
}
interface MemoryStats {
  reads: Record<string, { hits: number; misses: number }> | null;
}

type Counts = { hits: number; misses: number } | undefined;

/** Whose reads are counted, by the name shown, and where the counters are. */
const sources: readonly { name: string; path: string; counts: (answer: never) => Counts }[] = [
  { name: 'Hot tier', path: '/v1/hot/info', counts: counted },
  { name: 'Prices', path: '/v1/prices/stats', counts: counted },
  {
    name: 'Market cache',
    path: '/v1/cache/stats',
    counts: ({ fresh_hits: fresh, copies_given: copies, misses }: MarketStats) => ({
      hits: fresh + copies,
      misses,
    }),
  },
  {
    name: 'Agent memory',
    path: '/v1/memory/stats',
    counts: ({ reads }: MemoryStats) => {
      if (reads === null) return undefined;
      const all = Object.values(reads);
      return {
        hits: all.reduce((sum, { hits }) => sum + hits, 0),
        misses: all.reduce((sum, { misses }) => sum + misses, 0),
      };
    },
  },
];

export const sourceNames: readonly string[] = sources.map(({ name }) => name);

function counted({ hits, misses }: Counted): Counts {
  return hits === null || misses === null ? undefined : { hits, misses };
}

async function sampleNow(signal: AbortSignal): Promise<Sample> {
  const counts: Sample['counts'] = {};
  await Promise.all(
    sources.map(async ({ name, path, counts: of }) => {
      try {
        const found = of((await ask<unknown>(path, { signal })) as never);
        if (found !== undefined) counts[name] = found;
      } catch (error) {
        // A source that does not answer is missing in the sample; the sections of the page say why.
        if (!(error instanceof ApiError)) throw error;
      }
    }),
  );
  return { at: Date.now(), counts };
}

/** Samples of this tab, taken while a page that shows them is open; the service keeps no history of its counters. */
export function useSamples(): Sample[] {
  const [samples, setSamples] = useState(() => samplesIn(sessionStorage.getItem(KEY_NAME)));
  useEffect(() => {
    const abort = new AbortController();
    const take = async (): Promise<void> => {
      if (document.hidden) return;
      try {
        const sample = await sampleNow(abort.signal);
        setSamples((before) => {
          const after = withSample(before, sample);
          sessionStorage.setItem(KEY_NAME, JSON.stringify(after));
          return after;
        });
      } catch (error) {
        // The page was left meanwhile.
        if (!abort.signal.aborted) throw error;
      }
    };
    void take();
    const timer = setInterval(() => void take(), EVERY_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, []);
  return samples;
}
