import { count, roughly, share } from '../../lib/format.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { Answered } from '../../ui/answered.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Tiles, type TileProps } from '../../ui/tiles.tsx';
import type { MemoryStats } from './answers.ts';
import { Learnings } from './learnings.tsx';
import { Preferences } from './preferences.tsx';
import { Sessions } from './sessions.tsx';
import { WorkingMemory } from './working-memory.tsx';

const ASK_EVERY_MS = 15_000;

export default function MemoryPage() {
  const stats = useAnswer<MemoryStats>('/v1/memory/stats', ASK_EVERY_MS);
  return (
    <>
      <PageHead title="Memory" />
      <Answered answer={stats} what="The figures of the memory">
        {(value) => <Tiles label="Agent memory" items={tilesOf(value)} />}
      </Answered>
      <Sessions changed={stats.again} />
      <WorkingMemory />
      <Preferences />
      <Learnings />
    </>
  );
}

function tilesOf({
  sessions,
  working,
  cache,
  analyses,
  preferences,
  reads,
  state,
}: MemoryStats): TileProps[] {
  const found = (of: keyof NonNullable<typeof reads>): string =>
    reads === null
      ? 'Redis is away'
      : reads[of].hit_rate === null
        ? 'not read yet'
        : `found ${share(reads[of].hit_rate)}`;
  return [
    { name: 'Live sessions', value: count(sessions.live), note: found('session') },
    { name: 'Keys in them', value: count(sessions.keys) },
    { name: 'Working memory', value: count(working.entries), note: found('working') },
    { name: 'Kept answers', value: count(cache.entries), note: found('cache') },
    { name: 'Analyses', value: count(analyses) },
    { name: 'Preferences', value: count(preferences) },
    {
      name: 'Not in PostgreSQL yet',
      value: count(state.queued),
      note: state.queued === 0 ? 'nothing waits' : `the oldest for ${roughly(state.oldest_ms)}`,
      tone: state.oldest_ms > 60_000 ? 'warn' : 'plain',
    },
  ];
}
