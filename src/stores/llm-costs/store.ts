import { type Clock, systemClock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import { isoTime } from '../../core/iso-time.ts';
import type { Page } from '../../core/page.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import type { Views } from '../../tiers/views/index.ts';
import { type AlertOptions, AlertSender, type Delivered } from './alert-sender.ts';
import { reservationInput, type Released, type Reservation, type ReservationInput } from './budget-schema.ts';
import { type Budgets, createBudgets } from './budgets.ts';
import { createRequestLog } from './log.ts';
import { listOverrides, overridesOf, putOverride } from './overrides.ts';
import { parsed } from './parse.ts';
import {
  type ModelPrice,
  overrideInput,
  type OverrideInput,
  type OverrideItem,
  type PriceQuery,
  type Repriced,
  repriceInput,
  type RepriceInput,
} from './price-schema.ts';
import { modelPriceOf } from './price-answer.ts';
import { ratesOf } from './pricing.ts';
import { addProjections } from './projections.ts';
import { reprice } from './reprice.ts';
import { llmRequest, type LlmRequestInput, llmRequests, type Logged } from './request-schema.ts';
import { createReservations } from './reservations.ts';
import { requestsOf } from './requests.ts';
import type { LoggedRequest, RequestsQuery, Spend, SpendQuery, Usage, UsageQuery } from './schema.ts';
import { spendOf, usageOf } from './spend.ts';
import type { LlmCostsDatabase } from './table.ts';

export interface LlmCostsOptions {
  readonly durable: DurableTier;
  readonly hot?: HotTier | undefined;
  /** Over the same PostgreSQL and Redis; absent: no keys are kept in Redis. */
  readonly views?: Views | undefined;
  readonly clock?: Clock | undefined;
  /** Absent: alerts are noted in `llm_budget_alerts`, and nobody is told. */
  readonly alerts?: AlertOptions | undefined;
}

/** What the calls of language models cost: see README.md. Money is a decimal string in US dollars. */
export interface LlmCosts extends Budgets {
  /**
   * Logs a call. Resolves once it is committed; the same idempotency key or response id again gives the first answer.
   * @throws StockroomError INVALID_INPUT, IDEMPOTENCY_CONFLICT, DATABASE_UNREACHABLE (it may or may not be logged: log it again
   *   with the same key), UNAVAILABLE (it is not)
   */
  log(request: LlmRequestInput): Promise<Logged>;
  /**
   * Logs up to 1,000 calls: all of them, or none.
   * @param idempotencyKey of them as a whole: each has it with its number behind it (`key#0`)
   */
  logMany(requests: readonly LlmRequestInput[], idempotencyKey?: string): Promise<Logged[]>;
  /** The calls that were logged, newest first. */
  requests(query: RequestsQuery): Promise<Page<LoggedRequest>>;
  /** The spend of one day in UTC. */
  spend(query?: SpendQuery): Promise<Spend>;
  /** Totals, by model, by day and by tag, of the requests after `as_of` − `days` × 24 hours. */
  usage(query: UsageQuery): Promise<Usage>;
  /** What a model costs. @throws StockroomError NOT_FOUND when nobody knows */
  price(model: string, query?: PriceQuery): Promise<ModelPrice>;
  /** Sets the price of a model from a time on. @param actor for the audit log */
  putPriceOverride(input: OverrideInput, actor: string): Promise<OverrideItem>;
  /** By model, the newest first. */
  priceOverrides(): Promise<OverrideItem[]>;
  /** Prices what was logged in a range anew; what its caller priced stays. @param actor for the audit log */
  reprice(input: Partial<RepriceInput> & Pick<RepriceInput, 'from' | 'to'>, actor: string): Promise<Repriced>;
  /**
   * Sets money aside for a call, so that callers together never go over a budget.
   * @throws StockroomError BUDGET_EXCEEDED with the budget in its details; INVALID_INPUT
   */
  reserve(request: ReservationInput): Promise<Reservation>;
  /** Logs the call that money was set aside for, and frees it: both or neither. Again: the first answer. */
  settle(reservation: bigint, request: LlmRequestInput): Promise<Logged>;
  /** Frees what was set aside for a call that was not made. @throws StockroomError NOT_FOUND */
  release(reservation: bigint): Promise<Released>;
  /** Notes thresholds that were reached, and tells the webhook what it was not told. The store does so by itself too. */
  deliverAlerts(): Promise<Delivered>;
  /** Takes nothing more, and resolves when everything that was taken is settled. */
  close(): Promise<void>;
}

export function createLlmCosts(options: LlmCostsOptions): LlmCosts {
  const { durable, hot, views, clock = systemClock } = options;
  const database = durable.kysely<LlmCostsDatabase>();
  const projections = views === undefined ? undefined : addProjections(views);
  const sender = new AlertSender(durable, clock, options.alerts);
  const writing = { durable, clock, hot, views, projections, alerted: () => sender.wake() };
  const log = createRequestLog(writing);
  const reservations = createReservations(durable, clock);
  const spend = (query: SpendQuery = {}): Promise<Spend> => spendOf(database, clock, query);
  return {
    ...createBudgets({ durable, clock, spend }),
    async log(request) {
      const [logged] = await log.log([parsed(llmRequest, request)]);
      return logged!;
    },
    async logMany(requests, idempotencyKey) {
      const { requests: all } = parsed(llmRequests, { requests });
      const keys =
        idempotencyKey === undefined ? undefined : all.map((_, index) => `${idempotencyKey}#${index}`);
      return log.log(all, keys);
    },
    requests: (query) => requestsOf(database, query),
    spend,
    usage: (query) => usageOf(durable, clock, query),
    async price(model, { provider, as_of } = {}) {
      const at = as_of ?? isoTime(clock());
      const overrides = await overridesOf(durable, [model]);
      const rates = ratesOf({ model, provider }, at, overrides.get(model) ?? []);
      if (rates === undefined) {
        throw new StockroomError('NOT_FOUND', `The price of the model ${JSON.stringify(model)} is not known`);
      }
      return modelPriceOf(model, at, rates);
    },
    putPriceOverride: async (input, actor) =>
      putOverride(durable, clock, parsed(overrideInput, input), actor),
    priceOverrides: () => listOverrides(durable),
    reprice: async (input, actor) => reprice(writing, parsed(repriceInput, input), actor),
    reserve: async (request) => reservations.reserve(parsed(reservationInput, request)),
    settle: async (reservation, request) => log.settle(reservation, parsed(llmRequest, request)),
    release: (reservation) => reservations.release(reservation),
    deliverAlerts: () => sender.deliver(),
    async close() {
      await Promise.all([log.close(), reservations.close()]);
      await sender.close();
    },
  };
}
