import type { Clock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import { parseIsoTime } from '../../core/iso-time.ts';
import { jsonInteger } from '../../core/json-number.ts';
import {
  type Appended,
  appendRows,
  type AppendTable,
  createGroupCommit,
  prepareRow,
  type PreparedRow,
  type Written,
} from '../../tiers/durable/append/index.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import type { Released, Reservation, ReservationRequest } from './budget-schema.ts';
import { Exact, moneyText } from './money.ts';
import { overridesOf, type Override } from './overrides.ts';
import { costOf, ratesOf } from './pricing.ts';
import { type Standing, standingOf } from './standing.ts';

const table: AppendTable = {
  name: 'llm_reservations',
  columns: {
    model: 'text',
    user_id: 'text',
    tags: 'jsonb',
    amount_usd: 'numeric',
    created_at: 'timestamptz',
    expires_at: 'timestamptz',
  },
  returning: ['id', 'amount_usd', 'expires_at'],
};

interface ReservedRow {
  id: bigint;
  amount_usd: string;
  expires_at: string;
}

interface Item {
  readonly request: ReservationRequest;
  readonly row: PreparedRow;
}

/** What is left of the caps of a budget while the reservations of a batch are decided one after the other. */
interface Cap {
  readonly scope: string;
  readonly period: 'day' | 'month';
  readonly budget: Exact;
  readonly spent: Exact;
}

export interface Reservations {
  /**
   * Sets money aside, unless that would take a budget over its cap.
   * @throws StockroomError BUDGET_EXCEEDED that names the budget; INVALID_INPUT when the price of the estimate is not known
   */
  reserve(request: ReservationRequest): Promise<Reservation>;
  /** Frees what was held for a call that was not made. @throws StockroomError NOT_FOUND */
  release(id: bigint): Promise<Released>;
  close(): Promise<void>;
}

/**
 * Decided in PostgreSQL: whoever reserves locks the budgets that apply, in the order of their scopes, and sees all that was
 * reserved before. Callers in flight share the locks, and are decided in the order in which they came.
 */
export function createReservations(durable: DurableTier, clock: Clock): Reservations {
  const commit = createGroupCommit<Item, Reservation>({
    durable,
    write: (session, items) => write(session, clock(), items),
    // Two transactions at once would only wait for the same budgets.
    settings: { concurrency: 1 },
  });
  return {
    reserve({ idempotency_key: key, ...request }) {
      const row = prepareRow({ idempotencyKey: key ?? undefined, payload: request, cells: {} });
      return commit.submit({ request, row });
    },
    async release(id) {
      const { rows } = await durable.query<{ state: Released['state'] }>(
        `with released as (
           update llm_reservations set state = 'released' where id = $1 and state = 'held' returning state)
         select state from released
         union all select state from llm_reservations where id = $1 and state <> 'held'`,
        [id],
      );
      const state = rows[0]?.state;
      if (state === undefined) throw new StockroomError('NOT_FOUND', `There is no reservation ${id}`);
      return { id: jsonInteger(id), state };
    },
    close: () => commit.close(),
  };
}

async function write(session: Session, at: Date, items: readonly Item[]): Promise<Written<Reservation>> {
  const now = parseIsoTime(at.toISOString())!;
  const scopes = [...new Set(items.flatMap(({ request }) => scopesOf(request)))];
  // Whatever the server's default is: with a snapshot of the whole transaction the sums below would be from before the locks.
  await session.query('set transaction isolation level read committed');
  await session.query(
    'select scope from llm_budgets where scope = any($1::text[]) order by scope for update',
    [scopes],
  );
  // A statement of its own, so that its snapshot has what was committed while the locks were waited for.
  const standing = await standingOf(session, now, { scopes });
  const overrides = await overridesOf(
    session,
    items.flatMap(({ request }) => request.model ?? []),
  );
  const known = await knownKeys(session, items);
  const caps = capsOf(standing);
  const held = new Map(standing.map(({ scope, held_usd }) => [scope, new Exact(held_usd)]));
  const refused = new Map<Item, StockroomError>();
  const granted: Item[] = [];
  for (const item of items) {
    const amount = known.has(item.row.key) ? new Exact(0) : amountOf(item.request, now, overrides);
    const decision = amount instanceof StockroomError ? amount : decide(item.request, amount, caps, held);
    if (decision !== undefined) {
      refused.set(item, decision);
      continue;
    }
    granted.push({ ...item, row: { ...item.row, cells: cellsOf(item.request, amount as Exact, at) } });
    known.add(item.row.key);
  }
  const rows =
    granted.length === 0
      ? []
      : await appendRows<ReservedRow>(
          session,
          table,
          granted.map(({ row }) => row),
        );
  const outcomes = rows.values();
  return {
    results: items.map((item) => refused.get(item) ?? reservationOf(outcomes.next().value!)),
  };
}

/** Takes the amount out of every cap that applies, or says which one does not have it. */
function decide(
  request: ReservationRequest,
  amount: Exact,
  caps: readonly Cap[],
  held: Map<string, Exact>,
): StockroomError | undefined {
  if (amount.isZero()) return undefined;
  const scopes = new Set(scopesOf(request));
  const over = caps.find(
    ({ scope, budget, spent }) =>
      scopes.has(scope) && spent.plus(held.get(scope)!).plus(amount).greaterThan(budget),
  );
  if (over !== undefined) return exceeded(over, held.get(over.scope)!, amount);
  for (const scope of scopes) {
    const before = held.get(scope);
    if (before !== undefined) held.set(scope, before.plus(amount));
  }
  return undefined;
}

function exceeded({ scope, period, budget, spent }: Cap, held: Exact, amount: Exact): StockroomError {
  const figures = {
    amount_usd: moneyText(amount),
    budget_usd: moneyText(budget),
    spent_usd: moneyText(spent),
    held_usd: moneyText(held),
  };
  return new StockroomError(
    'BUDGET_EXCEEDED',
    `${figures.amount_usd} USD is more than the budget ${JSON.stringify(scope)} has left this ${period}: of ${figures.budget_usd} USD ` +
      `${figures.spent_usd} are spent and ${figures.held_usd} held. Wait for calls in flight, reserve less, or raise the budget`,
    { details: { scope, period, ...figures } },
  );
}

function capsOf(standing: readonly Standing[]): Cap[] {
  return standing.flatMap(({ scope, daily_usd, monthly_usd, day_usd, month_usd }) => [
    ...(daily_usd === null ? [] : [capOf(scope, 'day', daily_usd, day_usd)]),
    ...(monthly_usd === null ? [] : [capOf(scope, 'month', monthly_usd, month_usd)]),
  ]);
}

function capOf(scope: string, period: Cap['period'], budget: string, spent: string): Cap {
  return { scope, period, budget: new Exact(budget), spent: new Exact(spent) };
}

function amountOf(
  request: ReservationRequest,
  now: string,
  overrides: ReadonlyMap<string, readonly Override[]>,
): Exact | StockroomError {
  if (typeof request.amount_usd === 'string') return new Exact(request.amount_usd);
  // The schema takes no request without the one or the other.
  const model = request.model!;
  const rates = ratesOf({ model, provider: request.provider }, now, overrides.get(model) ?? []);
  const tokens = { tokens_input: request.tokens_input!, tokens_output: request.tokens_output! };
  const cost = rates === undefined ? undefined : costOf(rates, tokens);
  if (cost !== undefined) return new Exact(cost);
  return new StockroomError(
    'INVALID_INPUT',
    `amount_usd: expected an amount, since the price of the model ${JSON.stringify(model)} is not known, found nothing`,
  );
}

/** Reservations that are there already, by their keys: they were decided before. */
async function knownKeys(session: Session, items: readonly Item[]): Promise<Set<string>> {
  const { rows } = await session.query<{ key: string }>(
    'select idempotency_key as key from llm_reservations where idempotency_key = any($1::text[])',
    [items.map(({ row }) => row.key)],
  );
  return new Set(rows.map(({ key }) => key));
}

function cellsOf({ model, user_id, tags, life_ms }: ReservationRequest, amount: Exact, at: Date) {
  return {
    model: model ?? null,
    user_id: user_id ?? null,
    tags: tags === undefined || tags === null || tags.length === 0 ? null : JSON.stringify(tags),
    amount_usd: moneyText(amount),
    created_at: at.toISOString(),
    expires_at: new Date(at.getTime() + life_ms).toISOString(),
  };
}

function reservationOf(outcome: Appended<ReservedRow> | StockroomError): Reservation | StockroomError {
  if (outcome instanceof StockroomError) return outcome;
  const { row, repeated } = outcome;
  return { id: jsonInteger(row.id), amount_usd: row.amount_usd, expires_at: row.expires_at, repeated };
}

/** The budgets that a call counts against. */
function scopesOf({ model, user_id, tags }: ReservationRequest): string[] {
  return [
    'all',
    ...(typeof model === 'string' ? [`model:${model}`] : []),
    ...(typeof user_id === 'string' ? [`user:${user_id}`] : []),
    ...(tags ?? []).map((tag) => `tag:${tag}`),
  ];
}
