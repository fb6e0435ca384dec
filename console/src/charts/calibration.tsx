import { useState } from 'preact/hooks';
import { share } from '../lib/format.ts';
import { ChartFigure } from './figure.tsx';
import { apart, linear, moved, type Scale } from './scale.ts';
import { useWidth } from './use-width.ts';

export interface CalibrationPoint {
  name: string;
  n: number;
  forecast: number;
  observed: number;
  low: number;
  high: number;
}

const LEFT = 46;
const BOTTOM = 38;
const TOP = 12;
const RIGHT = 76;
const LINE_HEIGHT = 16;
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
const RADIUS_MIN = 4;
const RADIUS_MAX = 11;

const told = ({ name, n, forecast, observed, low, high }: CalibrationPoint): string =>
  `${name}: forecast ${share(forecast)}, came true ${share(observed)} (${share(low, 0)} to ${share(high, 0)}), n ${n}`;

/** What was forecast against what came true: on the diagonal they agree. The larger a point, the more stand behind it. */
export function Calibration({ points }: { points: readonly CalibrationPoint[] }) {
  const [element, width] = useWidth<HTMLDivElement>();
  const [chosen, setChosen] = useState<number>();
  const height = Math.min(300, Math.max(220, width * 0.7));
  const x = linear(0, 1, LEFT, Math.max(LEFT, width - RIGHT));
  const y = linear(0, 1, height - BOTTOM, TOP);
  const most = Math.max(1, ...points.map(({ n }) => n));
  // Names stand in a column at the right, a line apart, and a thread leads to each point.
  const order = points.map((_, index) => index).sort((a, b) => points[b]!.observed - points[a]!.observed);
  const lines = apart(
    order.map((index) => y(points[index]!.observed)),
    LINE_HEIGHT,
    height - BOTTOM,
  );
  const one = chosen === undefined ? undefined : points[chosen];
  return (
    <ChartFigure
      label="Calibration: forecasts against what came true, with 95 % intervals"
      readout={one === undefined ? <span class="quiet">On the diagonal forecasts come true</span> : told(one)}
      table={[
        { head: 'Confidence', cells: points.map(({ name }) => name) },
        { head: 'n', cells: points.map(({ n }) => String(n)) },
        { head: 'Forecast', cells: points.map(({ forecast }) => share(forecast)) },
        { head: 'Came true', cells: points.map(({ observed }) => share(observed)) },
        {
          head: '95 % interval',
          cells: points.map(({ low, high }) => `${share(low, 0)} to ${share(high, 0)}`),
        },
      ]}
      onKey={(key) => {
        const next = moved(key, chosen, points.length);
        if (next !== undefined) setChosen(next);
        return next !== undefined;
      }}
      onLeave={() => setChosen(undefined)}
    >
      <div ref={element}>
        <svg width={width} height={height} class="calibration" aria-hidden="true">
          <Axes x={x} y={y} height={height} />
          <path class="diagonal" d={`M${x(0)} ${y(0)}L${x(1)} ${y(1)}`} />
          {points.map((point, index) => {
            const radius = RADIUS_MIN + (RADIUS_MAX - RADIUS_MIN) * Math.sqrt(point.n / most);
            const [px, py] = [x(point.forecast), y(point.observed)];
            return (
              <g
                key={point.name}
                class={`mark ${index === chosen ? 'chosen' : ''}`}
                onPointerEnter={() => setChosen(index)}
              >
                <path class="whisker" d={`M${px} ${y(point.low)}V${y(point.high)}`} />
                <circle cx={px} cy={py} r={radius} />
                <path
                  class="thread"
                  d={`M${px + radius} ${py}L${x(1) + 4} ${lines[order.indexOf(index)]!}`}
                />
                <text class="axis" x={x(1) + 8} y={lines[order.indexOf(index)]! + 4}>
                  {point.name}
                </text>
              </g>
            );
          })}
        </svg>
      </div>
    </ChartFigure>
  );
}

function Axes({ x, y, height }: { x: Scale; y: Scale; height: number }) {
  return (
    <>
      {QUARTERS.map((quarter) => (
        <g key={quarter}>
          <path class="gridline" d={`M${x(0)} ${y(quarter)}H${x(1)}M${x(quarter)} ${y(0)}V${y(1)}`} />
          <text class="axis end" x={LEFT - 8} y={y(quarter) + 4}>
            {share(quarter, 0)}
          </text>
          <text class="axis middle" x={x(quarter)} y={height - BOTTOM + 16}>
            {share(quarter, 0)}
          </text>
        </g>
      ))}
      <text class="axis middle" x={(x(0) + x(1)) / 2} y={height - 4}>
        forecast
      </text>
    </>
  );
}
