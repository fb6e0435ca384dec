/** Counters of hits and misses at a time; a source that does not answer is missing. */
export interface Sample {
  at: number;
  counts: Record<string, { hits: number; misses: number }>;
}

/** Two hours at one sample in ten seconds. */
export const SAMPLES_MAX = 720;
/** Rates are of the last minute: single samples of a quiet service are all or nothing. */
export const WINDOW_MS = 60_000;

export function withSample(samples: readonly Sample[], sample: Sample): Sample[] {
  return [...samples, sample].slice(-SAMPLES_MAX);
}

/**
 * The hit rate of a source within the window before each sample; null where nothing was read in it. A counter that fell
 * began anew, so that what was before it says nothing.
 */
export function ratesOf(samples: readonly Sample[], source: string): (number | null)[] {
  return samples.map((sample, index) => {
    const now = sample.counts[source];
    if (now === undefined) return null;
    let first = now;
    for (let before = index - 1; before >= 0; before -= 1) {
      const { at, counts } = samples[before]!;
      const earlier = counts[source];
      if (earlier === undefined || sample.at - at > WINDOW_MS) break;
      if (earlier.hits > first.hits || earlier.misses > first.misses) break;
      first = earlier;
    }
    const hits = now.hits - first.hits;
    const reads = hits + now.misses - first.misses;
    return reads === 0 ? null : hits / reads;
  });
}

/** The rate since the counters began; null before the first read. */
export function rateOf({ hits, misses }: { hits: number; misses: number }): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}

/** Samples out of a text that this tab kept; none when it is of another form. */
export function samplesIn(text: string | null): Sample[] {
  if (text === null) return [];
  const given: unknown = JSON.parse(text);
  if (!Array.isArray(given)) return [];
  return given.filter(
    (sample): sample is Sample =>
      typeof sample === 'object' && sample !== null && 'at' in sample && 'counts' in sample,
  );
}
