import { plural } from '../../lib/format.ts';
import type { Answer } from '../../lib/use-answer.ts';
import { Answered } from '../../ui/answered.tsx';
import { Section } from '../../ui/section.tsx';
import { Usd } from '../../ui/usd.tsx';
import type { Budgets, Spend } from '../spend/answers.ts';
import { Budget } from '../spend/budget-list.tsx';

/** The spend of the day beside its budgets. */
export function SpendToday({ spend, budgets }: { spend: Answer<Spend>; budgets: Answer<Budgets> }) {
  const items = budgets.value?.items ?? [];
  return (
    <Section id="spend" title="Spend today" note={<a href="#/spend">by day, model and tag</a>}>
      <Answered answer={spend} what="The spend of today">
        {(value) => (
          <p class="large">
            <Usd value={value.total_cost_usd} />{' '}
            <small>
              {plural(value.total_requests, 'request')} on {value.date} UTC
            </small>
          </p>
        )}
      </Answered>
      {budgets.value !== undefined && items.length === 0 ? (
        <p class="quiet">
          No budget is set. <a href="#/spend">How to set one</a>
        </p>
      ) : (
        <ul class="budgets">
          {items.flatMap(({ scope, periods }) =>
            periods.map((period) => <Budget key={`${scope} ${period.period}`} scope={scope} of={period} />),
          )}
        </ul>
      )}
    </Section>
  );
}
