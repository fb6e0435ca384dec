import { bytes, count, plural, share } from '../../lib/format.ts';
import type { Answer } from '../../lib/use-answer.ts';
import { Answered } from '../../ui/answered.tsx';
import { Section } from '../../ui/section.tsx';
import { Tiles } from '../../ui/tiles.tsx';
import type { PriceStats } from './answers.ts';

/** All that is kept of prices. */
export function Stored({ answer }: { answer: Answer<PriceStats> }) {
  return (
    <Section id="stored" title="All that is kept">
      <Answered answer={answer} what="The figures of the price history">
        {(stats) => (
          <Tiles
            label="Price history"
            items={[
              {
                name: 'Symbols',
                value: count(stats.symbols),
                note: plural(stats.series, 'series', 'series'),
              },
              {
                name: 'Candles',
                value: count(stats.candles),
                note: `${bytes(stats.bytes)} in ${plural(stats.chunks, 'chunk')}`,
              },
              { name: 'Known ranges', value: count(stats.ranges) },
              {
                name: 'Not unpacked yet',
                value: count(stats.waiting),
                note: 'migrated, no read has needed them',
              },
              {
                name: 'Hit rate',
                value: share(stats.hit_rate),
                note:
                  stats.hits === null
                    ? 'Redis is away'
                    : `${count(stats.hits)} of ${count(stats.hits + (stats.misses ?? 0))} reads`,
              },
            ]}
          />
        )}
      </Answered>
    </Section>
  );
}
