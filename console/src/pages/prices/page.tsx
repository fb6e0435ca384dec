import { useMemo } from 'preact/hooks';
import type CandleChartType from '../../charts/candle-chart.tsx';
import { Coverage } from '../../charts/coverage.tsx';
import { count, plural, utc } from '../../lib/format.ts';
import { lazy } from '../../lib/lazy.tsx';
import { apiPath } from '../../lib/url.ts';
import { type Answer, useAnswer } from '../../lib/use-answer.ts';
import { useKnown } from '../../lib/use-known.ts';
import { useFilters } from '../../lib/use-place.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { choicesOf, Filters, Select, TextField } from '../../ui/filters.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Section } from '../../ui/section.tsx';
import type { Levels, Prices, PriceStats } from './answers.ts';
import { levelsIn } from './levels.ts';
import { LevelsTable } from './levels-table.tsx';
import { intervals, isDaily, rangeOf, rangesOf, timesOf } from './ranges.ts';
import { Stored } from './stored.tsx';

const CandleChart = lazy<Parameters<typeof CandleChartType>[0]>(
  () => import('../../charts/candle-chart.tsx'),
  'The chart',
);

const scopes = [
  { value: 'D', name: 'day' },
  { value: 'W', name: 'week' },
  { value: 'M', name: 'month' },
  { value: 'Y', name: 'year' },
  { value: 'none', name: 'none' },
];
const methods = choicesOf(['floor', 'fibonacci', 'camarilla', 'woodie']);
const STATS_EVERY_MS = 30_000;

export default function PricesPage() {
  const known = useKnown();
  const [filters, set] = useFilters({ symbol: '', interval: '1d', range: '', scope: 'M', method: 'floor' });
  const { interval, scope, method } = filters;
  const symbol = filters.symbol === '' ? (known.symbols[0] ?? '') : filters.symbol;
  const range = rangeOf(interval, filters.range);
  const times = timesOf(range, Date.now());
  const path = `/v1/prices/${encodeURIComponent(symbol)}`;
  const prices = useAnswer<Prices>(symbol === '' ? undefined : apiPath(path, { interval, ...times }));
  const levels = useAnswer<Levels>(
    symbol === '' || scope === 'none'
      ? undefined
      : apiPath(`/v1/levels/${encodeURIComponent(symbol)}`, { scope, method }),
  );
  const stats = useAnswer<PriceStats>('/v1/prices/stats', STATS_EVERY_MS);
  return (
    <>
      <PageHead title="Prices">
        <Filters>
          <TextField
            label="Symbol"
            value={symbol}
            options={known.symbols}
            onText={(value) => set({ symbol: value.toUpperCase() })}
          />
          <Select
            label="Candles"
            value={interval}
            choices={choicesOf(intervals)}
            onChoose={(value) => set({ interval: value, range: '' })}
          />
          <Select
            label="Time"
            value={range.value}
            choices={rangesOf(interval)}
            onChoose={(value) => set({ range: value })}
          />
          <Select
            label="Levels of the"
            value={scope}
            choices={scopes}
            onChoose={(value) => set({ scope: value })}
          />
          <Select
            label="Method"
            value={method}
            choices={methods}
            onChoose={(value) => set({ method: value })}
          />
        </Filters>
      </PageHead>
      {symbol === '' ? (
        <Empty title="Choose a symbol.">
          <p>No recommendation names one yet. Type a symbol whose prices are kept, such as RELIANCE.</p>
        </Empty>
      ) : (
        <OfSymbol symbol={symbol} prices={prices} levels={levels} times={times} drawn={scope !== 'none'} />
      )}
      <Stored answer={stats} />
    </>
  );
}

interface OfSymbolProps {
  symbol: string;
  prices: Answer<Prices>;
  levels: Answer<Levels>;
  times: { from: string; to: string };
  drawn: boolean;
}

function OfSymbol({ symbol, prices, levels, times, drawn }: OfSymbolProps) {
  const lines = useMemo(() => levelsIn(levels.value), [levels.value]);
  const last = prices.value?.candles.at(-1);
  return (
    <>
      <Section
        id="candles"
        title={symbol}
        note={
          prices.value === undefined
            ? undefined
            : `${plural(prices.value.candles.length, 'candle')} of ${prices.value.interval}`
        }
      >
        <Answered
          answer={prices}
          what="The candles"
          missing={<Empty title={`Nothing is known about ${symbol}.`} />}
        >
          {(value) => <Candles prices={value} lines={drawn ? lines : []} times={times} />}
        </Answered>
      </Section>
      {drawn && (
        <Section id="levels" title="Levels">
          <Answered
            answer={levels}
            what="The levels"
            missing={
              <Empty title={`No levels of ${symbol} for this period.`}>
                <p>
                  They are computed from daily candles: add some with PUT /v1/prices, or choose another
                  period.
                </p>
              </Empty>
            }
          >
            {(value) => <LevelsTable levels={value} price={last?.close} />}
          </Answered>
        </Section>
      )}
    </>
  );
}

function Candles(props: {
  prices: Prices;
  lines: ReturnType<typeof levelsIn>;
  times: OfSymbolProps['times'];
}) {
  const { prices, lines, times } = props;
  const { candles, symbol, interval, error, stale } = prices;
  return (
    <>
      {stale && (
        <p class="warn-line" role="status">
          Some of these candles may have changed since {utc(prices.as_of)} UTC
          {error !== undefined && `: ${error}`}
        </p>
      )}
      {candles.length === 0 ? (
        <Empty title={`No candles of ${symbol}, ${interval}, in this time.`}>
          <p>
            Choose a longer time or other candles, or add them: <code>PUT /v1/prices/{symbol}</code>.
          </p>
        </Empty>
      ) : (
        <>
          <CandleChart
            label={`${count(candles.length)} candles of ${symbol}, ${interval}`}
            candles={candles}
            levels={lines}
            daily={isDaily(interval)}
          />
          <p class="credit">
            Chart: <a href="https://www.tradingview.com/">TradingView</a> Lightweight Charts™
          </p>
        </>
      )}
      <h3>Coverage of the time shown</h3>
      <Coverage from={times.from} to={times.to} covered={prices.coverage} gaps={prices.gaps} />
    </>
  );
}
