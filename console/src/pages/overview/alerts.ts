import { plural, roughly, usd } from '../../lib/format.ts';
import type { Health } from '../../lib/health.ts';
import { storeName } from '../../lib/words.ts';
import type { Stages } from '../../lib/stages.ts';
import type { MemoryStats } from '../memory/answers.ts';
import type { Migration } from '../migration/answers.ts';
import { totalsOf, verdictOf } from '../migration/verdict.ts';
import type { Budgets, Spend } from '../spend/answers.ts';

export interface Alert {
  tone: 'bad' | 'warn' | 'note';
  text: string;
  /** What to do about it. */
  way: string;
  href?: string;
}

export interface Known {
  health?: Health | undefined;
  migration?: Migration | undefined;
  stages?: Stages | undefined;
  budgets?: Budgets | undefined;
  spend?: Spend | undefined;
  memory?: MemoryStats | undefined;
}

/** State that waits for so long is not on its way any more. */
const WAITING_MS = 60_000;
const order = { bad: 0, warn: 1, note: 2 };

/** What somebody should look at, worst first, out of what is known; what is not known says nothing. */
export function alertsOf(known: Known): Alert[] {
  return [
    ...tierAlerts(known.health),
    ...migrationAlerts(known.migration),
    ...stageAlerts(known.stages),
    ...budgetAlerts(known.budgets),
    ...spendAlerts(known.spend),
    ...memoryAlerts(known.memory),
  ].sort((left, right) => order[left.tone] - order[right.tone]);
}

function tierAlerts(health: Health | undefined): Alert[] {
  if (health === undefined) return [];
  const { durable, hot } = health.tiers;
  const alerts: Alert[] = [];
  if (durable.state === 'down') {
    alerts.push({
      tone: 'bad',
      text: 'PostgreSQL is down.',
      way: durable.detail ?? `Start it at ${durable.location}.`,
    });
  } else if (!durable.survives_power_cut) {
    alerts.push({
      tone: 'note',
      text: 'PostgreSQL is embedded: it does not survive a power cut.',
      way: 'Set DATABASE_URL to keep data that matters.',
    });
  }
  if (hot.state === 'down') {
    alerts.push({
      tone: 'warn',
      text: 'Redis is down. Every answer is still given, only later.',
      way: hot.detail ?? `Start it at ${hot.location}.`,
    });
  } else if (hot.breaker !== 'closed') {
    alerts.push({
      tone: 'warn',
      text: `Redis is avoided: its breaker is ${hot.breaker}.`,
      way: 'It is tried again by itself.',
    });
  } else if (hot.kind === 'in-process') {
    alerts.push({
      tone: 'note',
      text: 'The hot tier is this process alone.',
      way: 'Set REDIS_URL to share it with others and to keep it over a restart.',
    });
  }
  return alerts;
}

function migrationAlerts(migration: Migration | undefined): Alert[] {
  if (migration === undefined || migration.last === null) return [];
  const { report } = migration.last;
  const { tone, headline } = verdictOf(report);
  const href = '#/migration';
  if (tone === 'failed' || tone === 'difference') {
    return [{ tone: 'bad', text: headline, way: 'See the migration.', href }];
  }
  const { quarantined } = totalsOf(report);
  const unreadable = report.unreadable.length;
  const parts = [
    ...(quarantined > 0 ? [`${plural(quarantined, 'row')} in quarantine`] : []),
    ...(unreadable > 0 ? [`${plural(unreadable, 'file')} unreadable`] : []),
  ];
  if (parts.length === 0) return [];
  return [{ tone: 'warn', text: `${parts.join(' and ')}.`, way: 'Each is kept with its reason.', href }];
}

function stageAlerts(stages: Stages | undefined): Alert[] {
  return (stages?.items ?? [])
    .filter(({ mismatches }) => mismatches > 0)
    .map(({ store, mismatches }) => ({
      tone: 'warn' as const,
      text: `${storeName(store)}: ${plural(mismatches, 'answer')} differed from the old application’s.`,
      way: 'See its evidence before it moves on.',
      href: `#/migration?store=${encodeURIComponent(store)}`,
    }));
}

function budgetAlerts(budgets: Budgets | undefined): Alert[] {
  return (budgets?.items ?? []).flatMap(({ scope, periods }) =>
    periods
      .filter(({ status }) => status === 'EXCEEDED' || status === 'WARNING')
      .map(({ status, period, spent_usd: spent, budget_usd: budget }) => ({
        tone: status === 'EXCEEDED' ? ('bad' as const) : ('warn' as const),
        text: `${usd(spent)} of ${usd(budget)} spent ${period === 'day' ? 'today' : 'this month'}${scope === 'all' ? '' : `, ${scope}`}.`,
        way:
          status === 'EXCEEDED'
            ? 'Reservations are refused.'
            : 'Reservations are refused once it is used up.',
        href: '#/spend',
      })),
  );
}

function spendAlerts(spend: Spend | undefined): Alert[] {
  if (spend === undefined || spend.unpriced_requests === 0) return [];
  return [
    {
      tone: 'warn',
      text: `${plural(spend.unpriced_requests, 'request')} of today without a price: the spend does not hold them.`,
      way: 'Set the price of the model.',
      href: '#/spend',
    },
  ];
}

function memoryAlerts(memory: MemoryStats | undefined): Alert[] {
  if (memory === undefined || memory.state.oldest_ms < WAITING_MS) return [];
  const { queued, oldest_ms: oldest } = memory.state;
  return [
    {
      tone: 'warn',
      text: `${plural(queued, 'change')} of the short-lived state not in PostgreSQL for ${roughly(oldest)}.`,
      way: 'If PostgreSQL is up, the log has the reason.',
      href: '#/memory',
    },
  ];
}
