import { z } from 'zod';
import { dataAge } from '../../../core/data-age.ts';
import { textInput, timeInput } from '../../../core/inputs.ts';

export const groupings = [
  'mode',
  'symbol',
  'universe',
  'source',
  'confidence',
  'policy_version',
  'agent',
  'day',
  'week',
  'month',
] as const;

export const performanceQuery = z.strictObject({
  group_by: z
    .enum(groupings, `one of ${groupings.join(', ')}`)
    .optional()
    .describe(
      'Absent: no groups. agent: the calls that an agent sided with, by its own score. day, week (ISO) and month of the exit, in India',
    ),
  symbol: textInput.optional().describe('As stored, or in any case where it is stored in upper case'),
  mode: textInput.optional().describe('As stored, or in any case where it is stored in title case'),
  universe: textInput.optional().describe('As stored, or in any case where it is stored in upper case'),
  source: textInput.optional(),
  from: timeInput.optional().describe('Generated at this time or later'),
  to: timeInput.optional().describe('Generated before this time'),
  as_of: timeInput
    .optional()
    .describe('What was known at this time: evaluations that came later do not count'),
});

const value = z.number().nullable();
const figure = z.object({ value, n: z.number() });
const interval = z.object({ low: z.number(), high: z.number() }).nullable();
const average = figure.extend({ median: value });

export const figures = z.object({
  n: z.number().describe('Evaluated recommendations with a return'),
  hit_rate: figure
    .extend({ interval_95: interval })
    .describe('Returns above 0, from 0 to 1, with the 95 % Wilson score interval'),
  average_return_pct: figure,
  median_return_pct: figure,
  profit_factor: figure.describe('The sum of the gains over that of the losses; null without a loss'),
  payoff: figure.describe('The average gain over the average loss'),
  max_drawdown_pct: figure.describe('Of the compounded daily series; n counts days'),
  sharpe: figure.describe('Of the daily series, for a year; n counts days'),
  sortino: figure.describe('Of the daily series, for a year; n counts days'),
  alpha_pct: average.describe('Return less that of the benchmark, where it is known'),
  mfe_pct: average.describe('Maximum favourable excursion, where it is known'),
  mae_pct: average.describe('Maximum adverse excursion (0 or negative), where it is known'),
  calibration: z.object({
    brier: figure.describe('0 is perfect, 0.25 a coin; of the score as a chance'),
    reliability: z.array(
      z.object({
        confidence: z.string().nullable(),
        n: z.number(),
        forecast: figure.describe('The mean of the chances that the scores stood for'),
        hit_rate: z.number(),
        interval_95: interval,
      }),
    ),
  }),
  rank_ic: figure
    .extend({ t: value, names: z.number() })
    .describe("The mean over days of the rank correlation of the score with the price's move; n counts days"),
});

export const performance = z.object({
  as_of: z.string().nullable(),
  data_age_seconds: dataAge,
  group_by: z.enum(groupings).nullable(),
  overall: figures,
  equity_curve: z
    .array(z.object({ day: z.string(), return_pct: z.number(), equity: z.number(), n: z.number() }))
    .describe('Oldest first; the start is 1'),
  groups: z
    .array(figures.extend({ key: z.string().nullable() }))
    .describe('Time in order; other groups with most recommendations first, at most 1,000'),
});

export type PerformanceQuery = z.output<typeof performanceQuery>;
export type Performance = z.output<typeof performance>;
export type Grouping = (typeof groupings)[number];
