import { bytes, count, share } from '../../lib/format.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { useSamples } from '../../lib/use-samples.ts';
import { Answered } from '../../ui/answered.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Section } from '../../ui/section.tsx';
import { Tiles, type TileProps } from '../../ui/tiles.tsx';
import { Ago } from '../../ui/time.tsx';
import type { CacheStats, HotInfo } from './answers.ts';
import { HitRates } from './hit-rates.tsx';
import { Invalidate } from './invalidate.tsx';
import { Keys } from './keys.tsx';

const ASK_EVERY_MS = 10_000;

export default function CachePage() {
  const info = useAnswer<HotInfo>('/v1/hot/info', ASK_EVERY_MS);
  const stats = useAnswer<CacheStats>('/v1/cache/stats', ASK_EVERY_MS);
  const samples = useSamples();
  return (
    <>
      <PageHead title="Cache" />
      <Section id="hot" title="Hot tier" note={info.value === undefined ? undefined : placeOf(info.value)}>
        <Answered answer={info} what="The figures of the hot tier" optional="GET /v1/hot/info">
          {(value) => <Tiles label="Hot tier" items={hotTiles(value)} />}
        </Answered>
      </Section>
      <HitRates samples={samples} />
      <Section id="market" title="Market cache">
        <Answered answer={stats} what="The figures of the market cache">
          {(value) => <Tiles label="Market cache" items={marketTiles(value)} />}
        </Answered>
        <Invalidate done={stats.again} />
      </Section>
      <Keys />
    </>
  );
}

const placeOf = ({ kind, version, location, topology }: HotInfo): string =>
  kind === 'in-process' ? 'in the process' : `Redis ${version}, ${topology}, ${location}`;

function hotTiles(info: HotInfo): TileProps[] {
  const { memory_bytes: memory, memory_limit_bytes: limit, evicted_keys: evicted } = info;
  return [
    { name: 'Keys', value: count(info.keys) },
    {
      name: 'Memory',
      value: bytes(memory),
      note: limit === null ? 'no limit' : `of ${bytes(limit)}, ${share(memory / limit, 0)}`,
      tone: limit !== null && memory > 0.9 * limit ? 'warn' : 'plain',
    },
    {
      name: 'Hit rate',
      value: share(info.hit_rate),
      note: `${count(info.hits)} of ${count(info.hits + info.misses)} looks`,
    },
    {
      name: 'Evicted',
      value: count(evicted),
      note: info.eviction_policy,
      tone: evicted > 0 ? 'warn' : 'plain',
    },
    { name: 'Clients', value: count(info.clients) },
    { name: 'Breaker', value: info.breaker, tone: info.breaker === 'closed' ? 'plain' : 'warn' },
  ];
}

function marketTiles(stats: CacheStats): TileProps[] {
  const reads = stats.fresh_hits + stats.copies_given + stats.misses;
  return [
    {
      name: 'Copies kept',
      value: count(stats.copies),
      note: (
        <>
          newest <Ago at={stats.newest} />
        </>
      ),
    },
    { name: 'Fresh hits', value: count(stats.fresh_hits), note: `of ${count(reads)} reads of this process` },
    { name: 'Copies given', value: count(stats.copies_given), note: 'while the market was closed' },
    { name: 'Misses', value: count(stats.misses) },
    {
      name: 'Fetches',
      value: count(stats.fetches),
      note: `${count(stats.fetch_failures)} failed`,
      tone: stats.fetch_failures > 0 ? 'warn' : 'plain',
    },
    { name: 'Writes', value: count(stats.writes), note: `${count(stats.invalidations)} invalidations` },
  ];
}
