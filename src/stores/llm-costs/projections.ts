import { keyPart, partOf, type ProjectionContent } from '../../tiers/hot/index.ts';
import { batched, type BoundView, type Source, type View, type Views } from '../../tiers/views/index.ts';

const DAY_MS = 86_400_000;
/** What `hot rebuild` makes of single requests. */
const REBUILT_MAX = 1_000;
/** The id of the one key of a view that has no more. */
export const ALL = 'all';
/** How many requests `llm:requests` names. */
export const RANKED_MAX = 10_000;

export interface ModelDay {
  readonly model: string;
  readonly date: string;
}

/** The keys of Redis that follow from the requests. */
export interface Projections {
  readonly daily: BoundView<string>;
  readonly model: BoundView<ModelDay>;
  readonly request: BoundView<string>;
  readonly requests: BoundView<typeof ALL>;
}

export function addProjections(views: Views): Projections {
  return {
    daily: views.add(daily),
    model: views.add(model),
    request: views.add(request),
    requests: views.add(requests),
  };
}

/** Milliseconds since 1970 of a time with six decimals, cut off. */
export function scoreOf(time: string): number {
  return Date.parse(`${time.slice(0, 23)}Z`);
}

interface Total {
  requests: bigint;
  unpriced: bigint;
  tokens_input: string;
  tokens_output: string;
  cost: string;
}

/** Days whose keys would still live. */
const recentDays = "day > (now() at time zone 'UTC')::date - 8";

/** Keys of one batch of writes are built together, by one statement. */
const totals = batched(async (source, ids: readonly string[]) => {
  const given = ids.map((id) => JSON.parse(id) as TotalId);
  const { rows } = await source.query<Total & { id: string }>(
    `select given.id, requests, unpriced, tokens_input, tokens_output, trim_scale(cost_usd) as cost
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]::date[]) as given (id, kind, value, day)
     join llm_daily_totals as total
       on total.kind = given.kind and total.value = llm_total_value(given.value) and total.day = given.day
     where requests > 0`,
    [ids, given.map(([kind]) => kind), given.map(([, value]) => value), given.map(([, , day]) => day)],
  );
  return new Map(rows.map(({ id, ...total }) => [id, total]));
});

type TotalId = readonly [kind: 'all' | 'model', value: string, day: string];

function totalOf(source: Source, ...id: TotalId): Promise<Total | undefined> {
  return totals(source, JSON.stringify(id));
}

const daily: View<string> = {
  store: 'llm-costs',
  pattern: 'llm:daily:{date}',
  lifeMs: 8 * DAY_MS,
  key: (date) => `llm:daily:${keyPart(date)}`,
  idOf: (key) => dateOf(key.slice('llm:daily:'.length)),
  async build(source, date) {
    const total = await totalOf(source, 'all', '', date);
    if (total === undefined) return undefined;
    return {
      content: {
        kind: 'hash',
        fields: {
          total_cost: total.cost,
          total_requests: String(total.requests),
          total_input_tokens: total.tokens_input,
          total_output_tokens: total.tokens_output,
          unpriced_requests: String(total.unpriced),
        },
      },
    };
  },
  async recent(source) {
    const { rows } = await source.query<{ day: string }>(
      `select day from llm_daily_totals where kind = 'all' and value = '' and requests > 0 and ${recentDays}`,
    );
    return rows.map(({ day }) => day);
  },
};

const model: View<ModelDay> = {
  store: 'llm-costs',
  pattern: 'llm:model:{model}:{date}',
  lifeMs: 8 * DAY_MS,
  key: (id) => `llm:model:${keyPart(id.model)}:${keyPart(id.date)}`,
  idOf(key) {
    const [name, day, ...more] = key.slice('llm:model:'.length).split(':');
    const date = day === undefined ? undefined : dateOf(day);
    return name === undefined || date === undefined || more.length > 0
      ? undefined
      : { model: partOf(name), date };
  },
  async build(source, id) {
    const total = await totalOf(source, 'model', id.model, id.date);
    if (total === undefined) return undefined;
    const { requests, unpriced, cost } = total;
    const fields = { requests: String(requests), cost, unpriced_requests: String(unpriced) };
    return { content: { kind: 'hash', fields } };
  },
  async recent(source) {
    const { rows } = await source.query<{ model: string; date: string }>(
      `select value as model, day as date from llm_daily_totals
       where kind = 'model' and requests > 0 and ${recentDays} and octet_length(value) <= 800`,
    );
    return rows;
  },
};

export interface RequestRow {
  readonly model: string;
  readonly tokens_input: bigint | null;
  readonly tokens_output: bigint | null;
  readonly cost: string | null;
  readonly created_at: string | null;
}

/** Keys of one batch of writes are built together, by one statement. */
const requestRows = batched(async (source, ids: readonly string[]) => {
  const { rows } = await source.query<RequestRow & { id: bigint }>(
    `select id, model, tokens_input, tokens_output, trim_scale(cost_usd) as cost, created_at
     from llm_requests where id = any($1::text[]::bigint[])`,
    [ids],
  );
  return new Map(rows.map((row) => [String(row.id), row]));
});

/** Without a price there is no field: a script that reads one shall not take it for free. */
export function contentOfRequest(row: RequestRow): ProjectionContent {
  const fields: [string, unknown][] = [
    ['model', row.model],
    ['tokens_input', row.tokens_input],
    ['tokens_output', row.tokens_output],
    ['cost_usd', row.cost],
    ['created_at', row.created_at],
  ];
  const known = fields.filter(([, value]) => value !== null).map(([name, value]) => [name, String(value)]);
  return { kind: 'hash', fields: Object.fromEntries(known) as Record<string, string> };
}

const request: View<string> = {
  store: 'llm-costs',
  pattern: 'llm:request:{id}',
  lifeMs: DAY_MS,
  key: (id) => `llm:request:${keyPart(id)}`,
  idOf(key) {
    const id = key.slice('llm:request:'.length);
    return /^[1-9]\d{0,17}$/.test(id) ? id : undefined;
  },
  async build(source, id) {
    const row = await requestRows(source, id);
    return row === undefined ? undefined : { content: contentOfRequest(row) };
  },
  async recent(source) {
    const { rows } = await source.query<{ id: bigint }>(
      `select id from llm_requests where created_at > now() - interval '1 day'
       order by created_at desc limit $1`,
      [REBUILT_MAX],
    );
    return rows.map(({ id }) => String(id));
  },
};

const requests: View<typeof ALL> = {
  store: 'llm-costs',
  pattern: 'llm:requests',
  key: () => 'llm:requests',
  idOf: (key) => (key === 'llm:requests' ? ALL : undefined),
  async build(source) {
    const { rows } = await source.query<{ id: string; created_at: string }>(
      // Of equal milliseconds the order is that of Redis: by the bytes of the id.
      `with newest as (
         select id, created_at from llm_requests where created_at >= (
           select coalesce(min(created_at), 'infinity') from (
             select created_at from llm_requests where created_at is not null order by created_at desc limit $1) as last
         ) - interval '1 millisecond')
       select id::text as id, created_at from newest
       order by date_trunc('milliseconds', created_at) desc, id::text collate "C" desc limit $1`,
      [RANKED_MAX],
    );
    if (rows.length === 0) return undefined;
    const members = rows.map(({ id, created_at }) => ({ id, score: scoreOf(created_at) }));
    return { content: { kind: 'ranking', members } };
  },
  recent: () => Promise.resolve([ALL]),
};

function dateOf(part: string): string | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(part) ? part : undefined;
}
