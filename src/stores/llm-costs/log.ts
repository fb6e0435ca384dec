import type { Clock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import { isoTime, utcDay } from '../../core/iso-time.ts';
import { jsonInteger } from '../../core/json-number.ts';
import {
  type Appended,
  appendRows,
  type AppendTable,
  type Cell,
  createGroupCommit,
  prepareRow,
  type PreparedRow,
  type Written,
} from '../../tiers/durable/append/index.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import type { Changes, Views } from '../../tiers/views/index.ts';
import { raiseAlerts } from './alerts.ts';
import { Exact, moneyText } from './money.ts';
import { overridesOf, type Override } from './overrides.ts';
import { costOf, ratesOf } from './pricing.ts';
import {
  ALL,
  contentOfRequest,
  type ModelDay,
  type Projections,
  RANKED_MAX,
  scoreOf,
} from './projections.ts';
import type { Logged, LlmRequest } from './request-schema.ts';
import { lockForSettling, markSettled, type Settling } from './settle.ts';

/** Callers that log many at once share fewer transactions: each brings up to a thousand rows. */
const MANY_SETTINGS = { batchMax: 4, concurrency: 1 };

const table: AppendTable = {
  name: 'llm_requests',
  columns: {
    model: 'text',
    tokens_input: 'bigint',
    tokens_output: 'bigint',
    cached_read_tokens: 'bigint',
    cached_write_tokens: 'bigint',
    reasoning_tokens: 'bigint',
    tags: 'jsonb',
    user_id: 'text',
    provider: 'text',
    response_id: 'text',
    cost_usd: 'numeric',
    priced_by: 'text',
    created_at: 'timestamptz',
  },
  returning: ['id', 'model', 'tokens_input', 'tokens_output', 'created_at', 'cost_usd', 'priced_by'],
};

interface LoggedRow {
  id: bigint;
  model: string;
  tokens_input: bigint;
  tokens_output: bigint;
  created_at: string;
  cost_usd: string | null;
  priced_by: string | null;
}

interface Entry {
  readonly request: LlmRequest;
  readonly at: string;
  /** Its key is made once; its cells are, whenever it is written. */
  readonly row: PreparedRow;
}

/** What one caller logs: all of it or nothing. */
interface Item {
  readonly entries: readonly Entry[];
  readonly settles: bigint | undefined;
}

export interface RequestLog {
  /** @param keys idempotency keys from outside, in the order of the requests */
  log(requests: readonly LlmRequest[], keys?: readonly string[]): Promise<Logged[]>;
  settle(reservation: bigint, request: LlmRequest): Promise<Logged>;
  close(): Promise<void>;
}

export interface RequestLogOptions {
  readonly durable: DurableTier;
  readonly clock: Clock;
  readonly views: Views | undefined;
  readonly projections: Projections | undefined;
  /** Called after a commit that raised an alert. */
  readonly alerted: () => void;
}

export function createRequestLog(options: RequestLogOptions): RequestLog {
  const { durable, clock } = options;
  const write = (session: Session, items: readonly Item[]): Promise<Written<Logged[]>> =>
    new Batch(options, session).write(items);
  const single = createGroupCommit({ durable, write });
  const many = createGroupCommit({ durable, write, settings: MANY_SETTINGS });
  const entryOf = (request: LlmRequest, key: string | undefined): Entry => {
    const { idempotency_key: own, ...payload } = withoutNulls(request);
    const response = payload.response_id === undefined ? undefined : `response:${payload.response_id}`;
    return {
      request: payload,
      at: payload.created_at ?? isoTime(clock()),
      row: prepareRow({ idempotencyKey: own ?? key ?? response, payload, cells: {} }),
    };
  };
  return {
    async log(requests, keys) {
      const entries = requests.map((request, index) => entryOf(request, keys?.[index]));
      return (requests.length === 1 ? single : many).submit({ entries, settles: undefined });
    },
    async settle(reservation, request) {
      const { idempotency_key: _, ...rest } = request;
      const entry = entryOf(rest, `reservation:${reservation}`);
      const [logged] = await single.submit({ entries: [entry], settles: reservation });
      return logged!;
    },
    async close() {
      await Promise.all([single.close(), many.close()]);
    },
  };
}

type Outcome = Appended<LoggedRow> | StockroomError;

/** The writes of one transaction. */
class Batch {
  readonly #options: RequestLogOptions;
  readonly #session: Session;

  constructor(options: RequestLogOptions, session: Session) {
    this.#options = options;
    this.#session = session;
  }

  async write(items: readonly Item[]): Promise<Written<Logged[]>> {
    const session = this.#session;
    const models = items.flatMap(({ entries }) => entries.map(({ request }) => request.model));
    const [settling, overrides] = await Promise.all([
      lockForSettling(
        session,
        items.flatMap(({ settles }) => settles ?? []),
      ),
      overridesOf(session, models),
    ]);
    const refused = new Map<Item, StockroomError>();
    for (const item of items) {
      const why = item.settles === undefined ? undefined : refusalOf(settling, item.settles);
      if (why !== undefined) refused.set(item, why);
    }
    const outcomes = await this.#append(items, overrides, refused);
    await this.#settle(items, outcomes);
    const fresh = [...outcomes].flatMap(([item, rows]) =>
      item.entries.flatMap((entry, index) => (rows[index]!.repeated ? [] : { entry, row: rows[index]!.row })),
    );
    const days = new Set(fresh.map(({ row }) => utcDay(row.created_at)));
    const changes = this.#changesOf(fresh.map(({ row }) => row));
    // Not waited for: what it fails of, the commit says.
    const raised = raiseAlerts(session, this.#options.clock, scopesOf(fresh), [...days]);
    raised.catch(ignore);
    changes?.note(session);
    return {
      results: items.map((item) => refused.get(item) ?? outcomes.get(item)!.map(loggedOf)),
      committed: async () => {
        if ((await raised) > 0) this.#options.alerted();
        await changes?.apply();
      },
    };
  }

  /** An item of several rows of which one is refused is taken back as a whole, and the others are written again without it. */
  async #append(
    items: readonly Item[],
    overrides: ReadonlyMap<string, readonly Override[]>,
    refused: Map<Item, StockroomError>,
  ): Promise<Map<Item, Appended<LoggedRow>[]>> {
    const undoable = items.some(({ entries }) => entries.length > 1);
    for (;;) {
      const live = items.filter((item) => !refused.has(item));
      if (undoable) await this.#session.query('savepoint before_requests');
      const rows = live.flatMap(({ entries }) =>
        entries.map((entry) => ({ ...entry.row, cells: cellsOf(entry, overrides) })),
      );
      const outcomes: Outcome[] =
        rows.length === 0 ? [] : await appendRows<LoggedRow>(this.#session, table, rows);
      const byItem = new Map<Item, Appended<LoggedRow>[]>();
      let again = false;
      let at = 0;
      for (const item of live) {
        const own = outcomes.slice(at, (at += item.entries.length));
        const error = own.find((outcome) => outcome instanceof StockroomError);
        if (error === undefined) byItem.set(item, own as Appended<LoggedRow>[]);
        else refused.set(item, error);
        again ||= error !== undefined && own.length > 1;
      }
      if (!again) return byItem;
      await this.#session.query('rollback to savepoint before_requests');
    }
  }

  async #settle(
    items: readonly Item[],
    outcomes: ReadonlyMap<Item, readonly Appended<LoggedRow>[]>,
  ): Promise<void> {
    const settled = items.flatMap((item) => {
      const rows = outcomes.get(item);
      return item.settles === undefined || rows === undefined
        ? []
        : { reservation: item.settles, request: rows[0]!.row.id };
    });
    await markSettled(this.#session, settled);
  }

  #changesOf(rows: readonly LoggedRow[]): Changes | undefined {
    const { views, projections } = this.#options;
    if (views === undefined || projections === undefined || rows.length === 0) return undefined;
    const changes = views.changes();
    const days = new Map<string, ModelDay>();
    for (const row of rows) {
      const date = utcDay(row.created_at);
      days.set(`${date} ${row.model}`, { model: row.model, date });
      const cost = row.cost_usd === null ? null : moneyText(new Exact(row.cost_usd));
      changes.place(projections.request, String(row.id), contentOfRequest({ ...row, cost }));
    }
    for (const day of days.values()) {
      changes.refresh(projections.daily, day.date);
      changes.refresh(projections.model, day);
    }
    const ranked = rows.map(({ id, created_at }) => ({ id: String(id), score: scoreOf(created_at) }));
    changes.rank(projections.requests, ALL, ranked, RANKED_MAX);
    return changes;
  }
}

function cellsOf(
  { request, at }: Entry,
  overrides: ReadonlyMap<string, readonly Override[]>,
): Record<string, Cell> {
  const { tags } = request;
  const given = request.cost_usd ?? null;
  const price = given === null ? priceOf(request, at, overrides) : undefined;
  return {
    model: request.model,
    tokens_input: request.tokens_input,
    tokens_output: request.tokens_output,
    cached_read_tokens: request.cached_read_tokens ?? null,
    cached_write_tokens: request.cached_write_tokens ?? null,
    reasoning_tokens: request.reasoning_tokens ?? null,
    tags: tags === undefined || tags === null || tags.length === 0 ? null : JSON.stringify(tags),
    user_id: request.user_id ?? null,
    provider: request.provider ?? null,
    response_id: request.response_id ?? null,
    cost_usd: given ?? price?.cost ?? null,
    priced_by: given === null ? (price?.source ?? null) : 'caller',
    created_at: at,
  };
}

function priceOf(
  request: LlmRequest,
  at: string,
  overrides: ReadonlyMap<string, readonly Override[]>,
): { cost: string; source: string } | undefined {
  const rates = ratesOf(request, at, overrides.get(request.model) ?? []);
  const cost = rates === undefined ? undefined : costOf(rates, request);
  return rates === undefined || cost === undefined ? undefined : { cost, source: rates.source };
}

function refusalOf(settling: ReadonlyMap<bigint, Settling>, id: bigint): StockroomError | undefined {
  const reservation = settling.get(id);
  if (reservation === undefined) return new StockroomError('NOT_FOUND', `There is no reservation ${id}`);
  if (reservation.state !== 'released') return undefined;
  return new StockroomError(
    'CONFLICT',
    `The reservation ${id} was released; log the request without it, since the call was made`,
  );
}

/** Every budget that the rows may count against. */
function scopesOf(fresh: readonly { entry: Entry }[]): string[] {
  if (fresh.length === 0) return [];
  const scopes = new Set(['all']);
  for (const { request } of fresh.map(({ entry }) => entry)) {
    scopes.add(`model:${request.model}`);
    if (typeof request.user_id === 'string') scopes.add(`user:${request.user_id}`);
    for (const tag of request.tags ?? []) scopes.add(`tag:${tag}`);
  }
  return [...scopes];
}

function loggedOf({ row, repeated }: Appended<LoggedRow>): Logged {
  return {
    id: jsonInteger(row.id),
    created_at: row.created_at,
    cost_usd: row.cost_usd,
    priced: row.cost_usd !== null,
    priced_by: row.priced_by,
    repeated,
  };
}

/** Null says the same as nothing, also to the hash by which a repeated key is known. */
function withoutNulls(request: LlmRequest): LlmRequest & { response_id?: string; created_at?: string } {
  const given = Object.entries(request).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(given) as LlmRequest & { response_id?: string; created_at?: string };
}

function ignore(): void {}
