import { useState } from 'preact/hooks';
import { ChartFigure } from './figure.tsx';
import { bands, labelled, linear, moved, roundSpan, type Scale, ticks } from './scale.ts';
import { useWidth } from './use-width.ts';

interface Props {
  label: string;
  /** What the bars stand for, and what they are. */
  heads: readonly [name: string, value: string];
  bars: readonly { name: string; short: string; value: number; text: string }[];
  axis: (value: number) => string;
  /** A line across, for a limit. */
  limit?: { value: number; text: string } | undefined;
  height?: number;
}

const LEFT = 52;
const BOTTOM = 22;
const TOP = 10;
const LABEL_WIDTH = 54;

/** Bars over time. SVG of its own: a few rectangles need no library, and each can be styled by the page. */
export function BarChart({ label, heads, bars, axis, limit, height = 190 }: Props) {
  const [element, width] = useWidth<HTMLDivElement>();
  const [chosen, setChosen] = useState<number>();
  const [low, high] = roundSpan([...bars.map(({ value }) => value), limit?.value ?? 0]);
  const y = linear(low, high, height - BOTTOM, TOP);
  const places = bands(bars.length, LEFT, Math.max(0, width - LEFT));
  const one = chosen === undefined ? undefined : bars[chosen];
  return (
    <ChartFigure
      label={label}
      readout={
        one === undefined ? (
          <span class="quiet">{heads[1]}</span>
        ) : (
          <>
            {one.name} <b>{one.text}</b>
          </>
        )
      }
      table={[
        { head: heads[0], cells: bars.map(({ name }) => name) },
        { head: heads[1], cells: bars.map(({ text }) => text) },
      ]}
      onKey={(key) => {
        const next = moved(key, chosen, bars.length);
        if (next !== undefined) setChosen(next);
        return next !== undefined;
      }}
      onLeave={() => setChosen(undefined)}
    >
      <div ref={element}>
        <svg width={width} height={height} class="bars" aria-hidden="true">
          <Grid y={y} width={width} axis={axis} />
          {places.map((place, index) => {
            const { name, value } = bars[index]!;
            return (
              <g key={name} onPointerEnter={() => setChosen(index)}>
                <rect class="catch" x={place.x} y={0} width={place.width} height={height} />
                <rect
                  class={`bar ${index === chosen ? 'chosen' : ''}`}
                  x={place.x}
                  y={Math.min(y(value), y(0))}
                  width={place.width}
                  height={Math.abs(y(0) - y(value))}
                />
              </g>
            );
          })}
          {limit !== undefined && <Limit at={y(limit.value)} text={limit.text} width={width} />}
          {labelled(bars.length, width - LEFT, LABEL_WIDTH).map((index) => (
            <text
              key={index}
              class="axis middle"
              x={Math.min(width - 18, places[index]!.x + places[index]!.width / 2)}
              y={height - 6}
            >
              {bars[index]!.short}
            </text>
          ))}
        </svg>
      </div>
    </ChartFigure>
  );
}

function Grid({ y, width, axis }: { y: Scale; width: number; axis: Props['axis'] }) {
  return (
    <>
      {ticks(y.low, y.high).map((tick) => (
        <g key={tick}>
          <path class="gridline" d={`M${LEFT} ${Math.round(y(tick)) + 0.5}H${width}`} />
          <text class="axis end" x={LEFT - 8} y={y(tick) + 4}>
            {axis(tick)}
          </text>
        </g>
      ))}
    </>
  );
}

function Limit({ at, text, width }: { at: number; text: string; width: number }) {
  return (
    <g>
      <path class="limit" d={`M${LEFT} ${at}H${width}`} />
      <text class="axis end limit-text" x={width - 2} y={at - 5}>
        {text}
      </text>
    </g>
  );
}
