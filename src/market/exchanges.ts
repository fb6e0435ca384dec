export const exchanges = ['XNSE', 'XBOM', 'XNYS', 'XNAS'] as const;
/** By ISO 10383: National Stock Exchange of India, BSE, New York Stock Exchange, Nasdaq. */
export type Exchange = (typeof exchanges)[number];

/** Times of a day in the exchange's zone, `HH:MM`. */
export interface Hours {
  readonly open: string;
  readonly close: string;
  readonly note?: string;
}

/** What is known about one day: its own hours, or that there is no trading. */
export type DayRule = Hours | { readonly closed: true };

export interface ExchangeFacts {
  readonly zone: string;
  readonly hours: Hours;
  /** The days, exchange-local and inclusive, for which every holiday and special session is known. */
  readonly coveredFrom: string;
  readonly coveredUntil: string;
  /** The days of a year that are not like others: holidays, short days, sessions at a weekend. */
  readonly days: (year: number) => ReadonlyMap<string, DayRule>;
}
