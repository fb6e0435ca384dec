import type { Health } from '../../lib/health.ts';
import type { Stages as StagesAnswer } from '../../lib/stages.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { Answered } from '../../ui/answered.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Section } from '../../ui/section.tsx';
import type { MemoryStats } from '../memory/answers.ts';
import type { Migration } from '../migration/answers.ts';
import type { Budgets, Spend } from '../spend/answers.ts';
import { alertsOf } from './alerts.ts';
import { AlertList } from './alert-list.tsx';
import { HitRateTiles } from './hit-rate-tiles.tsx';
import { Markets } from './markets.tsx';
import { SpendToday } from './spend-today.tsx';
import { StagesShort } from './stages-short.tsx';
import { Tiers } from './tiers.tsx';

const ASK_EVERY_MS = 10_000;

export default function OverviewPage() {
  const health = useAnswer<Health>('/health', ASK_EVERY_MS);
  const migration = useAnswer<Migration>('/v1/migration', ASK_EVERY_MS);
  const stages = useAnswer<StagesAnswer>('/v1/stages', ASK_EVERY_MS);
  const budgets = useAnswer<Budgets>('/v1/llm/budgets', ASK_EVERY_MS);
  const spend = useAnswer<Spend>('/v1/llm/spend', ASK_EVERY_MS);
  const memory = useAnswer<MemoryStats>('/v1/memory/stats', ASK_EVERY_MS);
  const alerts = alertsOf({
    health: health.value,
    migration: migration.value,
    stages: stages.value,
    budgets: budgets.value,
    spend: spend.value,
    memory: memory.value,
  });
  return (
    <>
      <PageHead title="Overview" />
      <Answered answer={health} what="The health of the tiers">
        {(value) => (
          <>
            <AlertList alerts={alerts} />
            <Section id="tiers" title="Tiers" note={`Stockroom ${value.version}`}>
              <Tiers health={value} />
            </Section>
          </>
        )}
      </Answered>
      <HitRateTiles />
      <div class="columns">
        <SpendToday spend={spend} budgets={budgets} />
        <Markets />
      </div>
      <StagesShort stages={stages} migration={migration} />
    </>
  );
}
