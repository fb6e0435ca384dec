import { count, share } from '../../lib/format.ts';
import { rateOf } from '../../lib/samples.ts';
import { sourceNames, useSamples } from '../../lib/use-samples.ts';
import { Section } from '../../ui/section.tsx';
import { Tiles } from '../../ui/tiles.tsx';

/** Hit rates since the counters began; the page of the cache shows them over time. */
export function HitRateTiles() {
  const last = useSamples().at(-1);
  return (
    <Section id="hit-rates" title="Hit rates" note={<a href="#/cache">over time</a>}>
      <Tiles
        label="Hit rates"
        items={sourceNames.map((name) => {
          const counts = last?.counts[name];
          if (counts === undefined)
            return { name, value: '–', note: last === undefined ? 'asking' : 'does not say' };
          const reads = counts.hits + counts.misses;
          return {
            name,
            value: share(rateOf(counts)),
            note: reads === 0 ? 'nothing read yet' : `${count(counts.hits)} of ${count(reads)} reads`,
          };
        })}
      />
    </Section>
  );
}
