import { count, NONE, plural } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { usePages } from '../../lib/use-pages.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { More } from '../../ui/more.tsx';
import { Section } from '../../ui/section.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import type { LoggedRequest, Usage } from './answers.ts';

interface Override {
  model: string;
  valid_from: string;
  input_usd_per_1k: string;
  output_usd_per_1k: string;
}

/** Requests of models whose price nobody knows, and the prices that were set here. */
export function Unpriced({ usage }: { usage: Usage }) {
  const { unpriced_requests: requests, period_days: days } = usage;
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
      {requests > 0 && <UnpricedRequests usage={usage} />}
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

const DAY_MS = 86_400_000;

function UnpricedRequests({ usage: { as_of: asOf, period_days: days } }: { usage: Usage }) {
  const from = new Date(Date.parse(asOf) - days * DAY_MS).toISOString();
  const pages = usePages<LoggedRequest>(
    apiPath('/v1/llm/requests', { priced: 'false', from, as_of: asOf, limit: '20' }),
  );
  return (
    <>
      {pages.items.length > 0 && (
        <Table
          label="Unpriced requests"
          columns={requestColumns}
          rows={pages.items}
          keyOf={({ id }) => String(id)}
        />
      )}
      <More pages={pages} what="The requests without a price" />
    </>
  );
}

const requestColumns: readonly Column<LoggedRequest>[] = [
  {
    id: 'at',
    head: 'Made (UTC)',
    cell: ({ created_at: at }) => <Time at={at} />,
    by: (row) => row.created_at,
  },
  { id: 'model', head: 'Model', cell: ({ model }) => <code>{model}</code>, by: ({ model }) => model },
  { id: 'provider', head: 'Provider', cell: ({ provider }) => provider ?? NONE },
  {
    id: 'in',
    head: 'Tokens in',
    figure: true,
    cell: ({ tokens_input: tokens }) => (tokens === null ? NONE : count(tokens)),
  },
  {
    id: 'out',
    head: 'Tokens out',
    figure: true,
    cell: ({ tokens_output: tokens }) => (tokens === null ? NONE : count(tokens)),
  },
  { id: 'tags', head: 'Tags', cell: ({ tags }) => tags?.join(', ') ?? NONE },
];

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
