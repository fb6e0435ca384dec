export interface Range {
  value: string;
  name: string;
  days: number;
}

const daily: readonly Range[] = [
  { value: '3m', name: '3 months', days: 92 },
  { value: '6m', name: '6 months', days: 183 },
  { value: '1y', name: '1 year', days: 366 },
  { value: '5y', name: '5 years', days: 1_827 },
];
const hours: readonly Range[] = [
  { value: '1w', name: '1 week', days: 7 },
  { value: '1m', name: '30 days', days: 30 },
  { value: '3m', name: '3 months', days: 92 },
];
const minutes: readonly Range[] = [
  { value: '1d', name: '1 day', days: 1 },
  { value: '5d', name: '5 days', days: 5 },
  { value: '1m', name: '30 days', days: 30 },
];

export const intervals = ['1m', '5m', '15m', '30m', '1h', '1d', '1wk', '1mo'] as const;

export const isDaily = (interval: string): boolean => ['1d', '1wk', '1mo'].includes(interval);

/** How far back it is worth looking, by the length of a candle: the service limits it as well. */
export function rangesOf(interval: string): readonly Range[] {
  if (isDaily(interval)) return daily;
  return ['1m', '3m', '5m'].includes(interval) ? minutes : hours;
}

/** The range of that name, or the one in the middle. */
export function rangeOf(interval: string, value: string): Range {
  const ranges = rangesOf(interval);
  return ranges.find((range) => range.value === value) ?? ranges[1]!;
}

const DAY_MS = 86_400_000;

/** Until the end of this day in UTC: the same address all day long. */
export function timesOf({ days }: Range, now: number): { from: string; to: string } {
  const to = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  return { from: new Date(to - days * DAY_MS).toISOString(), to: new Date(to).toISOString() };
}
