import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { ChartFigure } from './figure.tsx';
import { moved } from './scale.ts';
import { type Palette, usePalette } from './theme.ts';
import { useWidth } from './use-width.ts';

export interface Line {
  name: string;
  values: readonly (number | null)[];
  text: (value: number | null) => string;
  /** The accent by default; the first line has it. */
  color?: keyof Palette;
  area?: boolean;
}

interface Props {
  label: string;
  /** Seconds since 1970, rising. */
  times: readonly number[];
  timeText: (seconds: number) => string;
  /** Shorter, for the axis. */
  timeAxis: (seconds: number) => string;
  lines: readonly Line[];
  axis: (value: number) => string;
  /** Where the scale begins and ends; by the values when absent. */
  range?: readonly [number, number];
  height?: number;
}

/** Lines over time, in UTC. */
export default function LineChart(props: Props) {
  const { label, times, timeText, timeAxis, lines, axis, range, height = 220 } = props;
  const [element, width] = useWidth<HTMLDivElement>();
  const palette = usePalette();
  const [chosen, setChosen] = useState<number>();
  const plot = useRef<uPlot | undefined>(undefined);
  const data = useMemo(
    () => [times, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData,
    [times, lines],
  );
  const names = lines.map(({ name }) => name).join('|');

  useEffect(() => {
    const { current } = element;
    if (current === null || width === 0) return;
    const made = new uPlot(
      optionsOf({ lines, axis, timeAxis, range, palette, width, height, onChoose: setChosen }),
      data,
      current,
    );
    plot.current = made;
    return () => {
      plot.current = undefined;
      made.destroy();
    };
    // New values are given to the chart that is there, below; only its look needs another.
  }, [palette, width, height, names]);
  useEffect(() => plot.current?.setData(data), [data]);

  const choose = (index: number | undefined): void => {
    setChosen(index);
    const chart = plot.current;
    const at = index === undefined ? undefined : times[index];
    if (chart === undefined) return;
    if (at === undefined) chart.setCursor({ left: -10, top: -10 }, false);
    else chart.setCursor({ left: chart.valToPos(at, 'x'), top: 0 }, false);
  };
  const at = chosen === undefined ? undefined : times[chosen];
  return (
    <ChartFigure
      label={label}
      readout={
        at === undefined ? (
          <span class="quiet">{lines.map(({ name }) => name).join(' · ')}</span>
        ) : (
          <>
            {timeText(at)}{' '}
            {lines.map(({ name, values, text }) => (
              <span key={name}>
                {lines.length > 1 && `${name} `}
                <b>{text(values[chosen!] ?? null)}</b>{' '}
              </span>
            ))}
          </>
        )
      }
      table={[
        { head: 'Time (UTC)', cells: times.map((time) => timeText(time)) },
        ...lines.map(({ name, values, text }) => ({ head: name, cells: values.map((value) => text(value)) })),
      ]}
      onKey={(key) => {
        const next = moved(key, chosen, times.length);
        if (next !== undefined) choose(next);
        return next !== undefined;
      }}
      onLeave={() => choose(undefined)}
    >
      <div ref={element} style={{ minHeight: `${height}px` }} />
    </ChartFigure>
  );
}

interface Look extends Pick<Props, 'lines' | 'axis' | 'timeAxis'> {
  range: Props['range'] | undefined;
  palette: Palette;
  width: number;
  height: number;
  onChoose: (index: number | undefined) => void;
}

function optionsOf({ lines, axis, timeAxis, range, palette, width, height, onChoose }: Look): uPlot.Options {
  const font = `12px ${palette.font}`;
  const grid = { stroke: palette.rule, width: 1 };
  return {
    width,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: range === undefined ? {} : { y: { range: [range[0], range[1]] } },
    axes: [
      {
        stroke: palette.quiet,
        font,
        grid: { show: false },
        ticks: { show: false },
        size: 28,
        space: 72,
        values: (_plot, splits) => splits.map((split) => timeAxis(split)),
      },
      {
        stroke: palette.quiet,
        font,
        grid,
        ticks: { show: false },
        size: 58,
        values: (_plot, splits) => splits.map((split) => axis(split)),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, color, area = false }, index) => ({
        label: name,
        stroke: palette[color ?? (index === 0 ? 'accent' : 'second')],
        width: 1.75,
        points: { show: lines[0]!.values.length < 2 },
        ...(area ? { fill: palette.soft } : {}),
      })),
    ],
    hooks: { setCursor: [({ cursor }) => onChoose(cursor.idx ?? undefined)] },
  };
}
