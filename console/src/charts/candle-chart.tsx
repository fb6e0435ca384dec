import {
  CandlestickSeries,
  createChart,
  HistogramSeries,
  type IChartApi,
  LineStyle,
  type UTCTimestamp,
} from 'lightweight-charts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { count, decimal, percent, short, utc } from '../lib/format.ts';
import { ChartFigure } from './figure.tsx';
import { moved } from './scale.ts';
import { type Palette, usePalette } from './theme.ts';

export interface Candle {
  time: string;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number | null;
}

export interface Level {
  name: string;
  price: number;
}

interface Props {
  label: string;
  candles: readonly Candle[];
  levels: readonly Level[];
  /** Days and longer are named by their day alone. */
  daily: boolean;
}

const HEIGHT = 380;
const seconds = (iso: string): UTCTimestamp => Math.floor(Date.parse(iso) / 1_000) as UTCTimestamp;

/** Candles with their volume below and levels across. */
export default function CandleChart({ label, candles, levels, daily }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const palette = usePalette();
  const [chosen, setChosen] = useState<number>();
  const chart = useRef<Drawn | undefined>(undefined);

  useEffect(() => {
    if (element.current === null) return;
    const drawn = draw(element.current, { candles, levels, daily, palette });
    const byTime = new Map(candles.map(({ time }, index) => [seconds(time), index]));
    drawn.chart.subscribeCrosshairMove(({ time }) =>
      setChosen(time === undefined ? undefined : byTime.get(time as UTCTimestamp)),
    );
    chart.current = drawn;
    return () => {
      chart.current = undefined;
      drawn.chart.remove();
    };
  }, [candles, levels, daily, palette]);

  const choose = (index: number | undefined): void => {
    const one = index === undefined ? undefined : candles[index];
    setChosen(index);
    if (one === undefined) chart.current?.chart.clearCrosshairPosition();
    else chart.current?.point(one);
  };
  const name = (time: string): string => (daily ? utc(time).slice(0, 10) : utc(time));
  return (
    <ChartFigure
      label={label}
      readout={<Said candle={candles[chosen ?? candles.length - 1]} name={name} />}
      table={[
        { head: 'Time (UTC)', cells: candles.map(({ time }) => name(time)) },
        { head: 'Open', cells: candles.map(({ open }) => decimal(open)) },
        { head: 'High', cells: candles.map(({ high }) => decimal(high)) },
        { head: 'Low', cells: candles.map(({ low }) => decimal(low)) },
        { head: 'Close', cells: candles.map(({ close }) => decimal(close)) },
        { head: 'Volume', cells: candles.map(({ volume }) => (volume === null ? '–' : count(volume))) },
      ]}
      onKey={(key) => {
        const next = moved(key, chosen, candles.length);
        if (next !== undefined) choose(next);
        return next !== undefined;
      }}
      onLeave={() => choose(undefined)}
    >
      <div ref={element} style={{ height: `${HEIGHT}px` }} />
    </ChartFigure>
  );
}

function Said({ candle, name }: { candle: Candle | undefined; name: (time: string) => string }) {
  if (candle === undefined) return null;
  const { time, open, high, low, close, volume } = candle;
  const change = open === 0 ? null : ((close - open) / open) * 100;
  return (
    <>
      {name(time)} O <b>{decimal(open)}</b> H <b>{decimal(high)}</b> L <b>{decimal(low)}</b> C{' '}
      <b>{decimal(close)}</b> {percent(change, 2, { sign: true })}
      {volume !== null && (
        <>
          {' '}
          Vol <b>{short(volume)}</b>
        </>
      )}
    </>
  );
}

interface Drawn {
  chart: IChartApi;
  point: (candle: Candle) => void;
}

type Given = Pick<Props, 'candles' | 'levels' | 'daily'> & { palette: Palette };

function draw(container: HTMLElement, { candles, levels, daily, palette }: Given): Drawn {
  const chart = createChart(container, {
    autoSize: true,
    localization: { priceFormatter: (price: number) => decimal(price) },
    layout: {
      // The styles that its logo brings are refused by the policy of the page; the credit stands below the chart.
      attributionLogo: false,
      background: { color: 'transparent' },
      textColor: palette.quiet,
      fontFamily: palette.font,
      fontSize: 12,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: palette.rule } },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.06, bottom: 0.24 } },
    timeScale: { borderColor: palette.rule, timeVisible: !daily, secondsVisible: false },
    crosshair: { vertLine: { color: palette.quiet }, horzLine: { color: palette.quiet } },
    // The wheel belongs to the page; arrows and dragging move the chart.
    handleScroll: { mouseWheel: false },
    handleScale: { mouseWheel: false },
  });
  const prices = chart.addSeries(CandlestickSeries, {
    upColor: palette.accent,
    borderUpColor: palette.accent,
    wickUpColor: palette.accent,
    // Hollow against filled: up and down differ in form, not in colour alone.
    downColor: palette.sheet,
    borderDownColor: palette.bad,
    wickDownColor: palette.bad,
    priceLineVisible: false,
    lastValueVisible: false,
  });
  prices.setData(candles.map(({ time, ...rest }) => ({ time: seconds(time), ...rest })));
  const volumes = chart.addSeries(HistogramSeries, {
    priceScaleId: 'volume',
    color: palette.rule,
    priceFormat: { type: 'volume' },
    priceLineVisible: false,
    lastValueVisible: false,
  });
  volumes.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  volumes.setData(
    candles.flatMap(({ time, volume }) => (volume === null ? [] : [{ time: seconds(time), value: volume }])),
  );
  for (const { name, price } of levels) {
    const color = name === 'P' ? palette.ink : name.startsWith('R') ? palette.warn : palette.second;
    prices.createPriceLine({
      price,
      title: name,
      color,
      lineWidth: 1,
      lineStyle: LineStyle.Dashed,
      axisLabelVisible: true,
    });
  }
  const times = chart.timeScale();
  times.fitContent();
  // A chart that became narrower would show its end alone.
  times.subscribeSizeChange(() => times.fitContent());
  return {
    chart,
    point: ({ time, close }) => chart.setCrosshairPosition(close, seconds(time), prices),
  };
}
