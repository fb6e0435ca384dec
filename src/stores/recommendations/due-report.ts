import { z } from 'zod';
import { exchanges } from '../../market/index.ts';
import { textField } from './fields.ts';
import type { Candle, MarketSession } from './horizon.ts';

/** The daily candles of a symbol from one day to another, both included; none for a day without trades. */
export type DailyCandles = (symbol: string, fromDate: string, toDate: string) => Promise<readonly Candle[]>;

/** The sessions of an exchange in order, from one day to another, both included. */
export interface SessionCalendar {
  sessionsBetween(
    exchange: string,
    fromDate: string,
    toDate: string,
  ): readonly MarketSession[] | Promise<readonly MarketSession[]>;
}

export interface DueOptions {
  readonly candles: DailyCandles;
  /** Absent: the calendar that the store was made with. */
  readonly sessions?: SessionCalendar | undefined;
  /** Absent: the store's clock. */
  readonly now?: Date | undefined;
  /** By default XNSE. */
  readonly exchange?: string | undefined;
  /** The symbol against which `alpha_vs_benchmark` is taken; absent: null. */
  readonly benchmark?: string | undefined;
  /** After each page, which is committed by then. */
  readonly onProgress?: ((progress: DueProgress) => void) | undefined;
  /** Ends it after the page that is being done. */
  readonly signal?: AbortSignal | undefined;
  readonly pageSize?: number | undefined;
}

export type PendingReason =
  | 'NO_ENTRY_PRICE'
  | 'NO_SESSIONS'
  | 'NO_CANDLES'
  | 'NO_BENCHMARK_CANDLES'
  | 'CANDLES_FAILED';

/** A recommendation that is due and cannot be evaluated yet: the next batch looks at it again. */
export interface Pending {
  readonly id: number | string;
  readonly symbol: string;
  readonly mode: string;
  readonly reason: PendingReason;
  /** The first day without a candle, or what the provider said. */
  readonly detail: string | null;
}

export interface DueProgress {
  readonly reviewed: number;
  readonly evaluated: number;
  readonly pending: number;
  /** Their horizon is not over. */
  readonly notDue: number;
}

export interface DueReport extends DueProgress {
  /** False: the signal ended it; the rest is done by the next batch. */
  readonly complete: boolean;
  /** The first of them, `PENDING_SHOWN_MAX` at the most. */
  readonly pendingRows: readonly Pending[];
}

export const dueInput = z.strictObject({
  exchange: z
    .enum(exchanges, `one of ${exchanges.join(', ')}`)
    .optional()
    .describe('Whose sessions the horizons are counted in; XNSE by default'),
  benchmark: textField(200).optional().describe('The symbol against which alpha_vs_benchmark is taken'),
});

const counts = {
  reviewed: z.int(),
  evaluated: z.int(),
  pending: z.int().describe('Due, and they cannot be evaluated yet: the next call looks at them again'),
  not_due: z.int().describe('Their horizon is not over'),
};

export const dueAnswer = z.object({
  ...counts,
  complete: z.boolean().describe('False: it was broken off; the next call does the rest'),
  pending_items: z.array(
    z.object({
      id: z.union([z.int(), z.string()]),
      symbol: z.string(),
      mode: z.string(),
      reason: z.string(),
      detail: z.string().nullable(),
    }),
  ),
});

export type DueAnswer = z.output<typeof dueAnswer>;

export function countsOf({ reviewed, evaluated, pending, notDue }: DueProgress) {
  return { reviewed, evaluated, pending, not_due: notDue };
}

export function answerOf({ complete, pendingRows, ...progress }: DueReport): DueAnswer {
  return { ...countsOf(progress), complete, pending_items: [...pendingRows] };
}
