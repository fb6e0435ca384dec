import { percent } from '../../lib/format.ts';
import { Empty } from '../../ui/empty.tsx';
import { Gauge } from '../../ui/gauge.tsx';
import { State } from '../../ui/state.tsx';
import type { Tone } from '../../ui/tiles.tsx';
import { Usd } from '../../ui/usd.tsx';
import type { BudgetPeriod, Budgets } from './answers.ts';

const tones: Record<BudgetPeriod['status'], Tone> = {
  OK: 'good',
  CAUTION: 'good',
  WARNING: 'warn',
  EXCEEDED: 'bad',
};
const words: Record<BudgetPeriod['status'], string> = {
  OK: 'within budget',
  CAUTION: 'over half used',
  WARNING: 'nearly used up',
  EXCEEDED: 'exceeded',
};

export function BudgetList({ budgets }: { budgets: Budgets }) {
  if (budgets.items.length === 0) {
    return (
      <Empty title="No budget is set.">
        <p>
          Without one nothing is refused and nothing warns. A daily budget for everything:{' '}
          <code>{'PUT /v1/llm/budgets {"scope": "all", "daily_usd": "5"}'}</code>; scopes <code>model:</code>,{' '}
          <code>tag:</code> and <code>user:</code> limit a part.
        </p>
      </Empty>
    );
  }
  return (
    <ul class="budgets">
      {budgets.items.flatMap(({ scope, periods }) =>
        periods.map((period) => <Budget key={`${scope} ${period.period}`} scope={scope} of={period} />),
      )}
    </ul>
  );
}

export function Budget({ scope, of }: { scope: string; of: BudgetPeriod }) {
  const name = `${scope === 'all' ? 'Everything' : scope}, ${of.period === 'day' ? 'today' : 'this month'}`;
  return (
    <li class="budget">
      <p class="budget-head">
        <b>{name}</b> <State tone={tones[of.status]}>{words[of.status]}</State>
        <span class="figure">{percent(of.percentage_used, 1)}</span>
      </p>
      <Gauge label={name} used={of.percentage_used} />
      <p class="quiet">
        <Usd value={of.spent_usd} /> of <Usd value={of.budget_usd} />, <Usd value={of.remaining_usd} /> left
        {Number(of.held_usd) > 0 && (
          <>
            , <Usd value={of.held_usd} /> held for calls under way
          </>
        )}
      </p>
    </li>
  );
}
