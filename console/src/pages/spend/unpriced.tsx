import { plural } from '../../lib/format.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Section } from '../../ui/section.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';

interface Override {
  model: string;
  valid_from: string;
  input_usd_per_1k: string;
  output_usd_per_1k: string;
}

/** Requests of models whose price nobody knows, and the prices that were set here. */
export function Unpriced({ requests, days }: { requests: number; days: number }) {
  const prices = useAnswer<{ items: Override[] }>('/v1/llm/prices');
  return (
    <Section id="unpriced" title="Unpriced requests" note={`last ${days} days`}>
      {requests === 0 ? (
        <p class="quiet">None: every request of this time has a price.</p>
      ) : (
        <p class="warn-line">
          {plural(requests, 'request')} {requests === 1 ? 'has' : 'have'} no price, and the spend does not
          hold {requests === 1 ? 'it' : 'them'}. Set the price of the model with{' '}
          <code>PUT /v1/llm/prices/MODEL</code>, then price what was logged with{' '}
          <code>POST /v1/llm/reprice</code>.
        </p>
      )}
      <Answered answer={prices} what="The prices that were set here">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No price was set here: the price list of the release is used." />
          ) : (
            <Table
              label="Prices set here"
              columns={columns}
              rows={items}
              keyOf={({ model, valid_from: from }) => `${model} ${from}`}
            />
          )
        }
      </Answered>
    </Section>
  );
}

const columns: readonly Column<Override>[] = [
  { id: 'model', head: 'Model', cell: ({ model }) => <code>{model}</code> },
  {
    id: 'input',
    head: 'Input, $ per 1,000 tokens',
    figure: true,
    cell: ({ input_usd_per_1k: price }) => price,
  },
  {
    id: 'output',
    head: 'Output, $ per 1,000 tokens',
    figure: true,
    cell: ({ output_usd_per_1k: price }) => price,
  },
  { id: 'from', head: 'From (UTC)', cell: ({ valid_from: from }) => <Time at={from} /> },
];
