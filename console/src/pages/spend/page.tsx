import { BarChart } from '../../charts/bar-chart.tsx';
import { ShareBars } from '../../charts/share-bars.tsx';
import { count, plural, short, usd } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { type Answer, useAnswer } from '../../lib/use-answer.ts';
import { useFilters } from '../../lib/use-place.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Filters, Select } from '../../ui/filters.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Section } from '../../ui/section.tsx';
import { Tiles } from '../../ui/tiles.tsx';
import { Usd } from '../../ui/usd.tsx';
import type { Budgets, Spend, Usage } from './answers.ts';
import { BudgetList } from './budget-list.tsx';
import { type Day, daysOf } from './days.ts';
import { Unpriced } from './unpriced.tsx';

const ASK_EVERY_MS = 30_000;
/** Times the highest day. */
const LIMIT_SHOWN = 2;
const periods = [7, 14, 30, 90, 365].map((days) => ({ value: String(days), name: `${days} days` }));

export default function SpendPage() {
  const [{ days }, set] = useFilters({ days: '30' });
  const usage = useAnswer<Usage>(apiPath('/v1/llm/usage', { days }), ASK_EVERY_MS);
  const today = useAnswer<Spend>('/v1/llm/spend', ASK_EVERY_MS);
  const budgets = useAnswer<Budgets>('/v1/llm/budgets', ASK_EVERY_MS);
  const daily = budgets.value?.items.find(({ scope }) => scope === 'all')?.daily_usd ?? undefined;
  return (
    <>
      <PageHead title="Spend">
        <Filters>
          <Select label="Last" value={days} choices={periods} onChoose={(value) => set({ days: value })} />
        </Filters>
      </PageHead>
      <Answered answer={usage} what="The spend">
        {(value) => <Figures usage={value} today={today.value} />}
      </Answered>
      <Section id="budgets" title="Budgets">
        <Answered answer={budgets} what="The budgets">
          {(value) => <BudgetList budgets={value} />}
        </Answered>
      </Section>
      <Breakdown usage={usage} daily={daily} />
    </>
  );
}

function Figures({ usage, today }: { usage: Usage; today: Spend | undefined }) {
  const {
    total_cost_usd: cost,
    period_days: days,
    total_requests: requests,
    unpriced_requests: unpriced,
  } = usage;
  return (
    <Tiles
      label="Key figures"
      items={[
        {
          name: 'Today (UTC)',
          value: <Usd value={today?.total_cost_usd} />,
          note: today === undefined ? undefined : plural(today.total_requests, 'request'),
        },
        { name: `Last ${days} days`, value: <Usd value={cost} />, note: `${usd(Number(cost) / days)} a day` },
        { name: 'Requests', value: count(requests), note: `${usd(usage.avg_cost_per_request)} each` },
        {
          name: 'Tokens',
          value: short(Number(usage.total_input_tokens) + Number(usage.total_output_tokens)),
          note: `${short(Number(usage.total_input_tokens))} in, ${short(Number(usage.total_output_tokens))} out`,
        },
        {
          name: 'Unpriced',
          value: count(unpriced),
          note: unpriced === 0 ? 'every request has a price' : 'not in the spend',
          tone: unpriced === 0 ? 'plain' : 'warn',
        },
      ]}
    />
  );
}

function Breakdown({ usage, daily }: { usage: Answer<Usage>; daily: string | undefined }) {
  const { value } = usage;
  if (value === undefined) return null;
  if (value.total_requests === 0) {
    return (
      <Empty title="No request was logged in this time.">
        <p>
          Choose a longer time, or log calls of models with <code>POST /v1/llm/requests</code>.
        </p>
      </Empty>
    );
  }
  const days = daysOf(value);
  return (
    <>
      <Section id="by-day" title="By day" note="UTC">
        <BarChart
          label={`Spend by day, last ${value.period_days} days`}
          heads={['Day (UTC)', 'US dollars']}
          axis={(amount) =>
            `$${amount < 10 && !Number.isInteger(amount) ? amount.toFixed(2) : short(amount)}`
          }
          limit={limitOf(days, daily)}
          bars={days.map(({ date, requests, cost }) => ({
            name: date,
            short: date.slice(5),
            value: cost,
            text: `${usd(cost)}, ${plural(requests, 'request')}`,
          }))}
        />
      </Section>
      <div class="columns">
        <Section id="by-model" title="By model" note={plural(value.by_model.length, 'model')}>
          <ShareBars
            label="Spend by model"
            rows={value.by_model.map(({ model, ...rest }) => row(model, rest))}
          />
        </Section>
        <Section id="by-tag" title="By tag" note={plural(value.by_tag.length, 'tag')}>
          {value.by_tag.length === 0 ? (
            <Empty title="No request of this time has a tag.">
              <p>
                Give <code>tags</code> with a request to see what each feature or agent costs.
              </p>
            </Empty>
          ) : (
            <ShareBars label="Spend by tag" rows={value.by_tag.map(({ tag, ...rest }) => row(tag, rest))} />
          )}
        </Section>
      </div>
      <Unpriced usage={value} />
    </>
  );
}

/** A budget far above every day would press the bars flat: it has its own gauge. */
function limitOf(
  days: readonly Day[],
  daily: string | undefined,
): { value: number; text: string } | undefined {
  const most = Math.max(...days.map(({ cost }) => cost));
  if (daily === undefined || Number(daily) > LIMIT_SHOWN * most) return undefined;
  return { value: Number(daily), text: `daily budget ${usd(daily)}` };
}

const row = (name: string, { requests, cost_usd: cost }: { requests: number; cost_usd: string }) => ({
  name,
  value: Number(cost),
  text: <Usd value={cost} />,
  note: `${plural(requests, 'request')}, ${usd(requests === 0 ? 0 : Number(cost) / requests)} each`,
});
