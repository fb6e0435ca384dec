import { percent } from '../lib/format.ts';

interface Props {
  label: string;
  /** In percent of the whole; it may be above 100. */
  used: number;
  /** Where it becomes a matter of attention. */
  marks?: readonly number[];
}

/** How much of a budget is used. The words beside it say the same. */
export function Gauge({ label, used, marks = [50, 80] }: Props) {
  const tone = used >= 100 ? 'bad' : used >= 80 ? 'warn' : 'good';
  const width = Math.min(100, Math.max(0, used));
  return (
    <div
      class={`gauge ${tone}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(width)}
      aria-valuetext={`${percent(used, 1)} used`}
    >
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="8" />
        <rect class="fill" width={width} height="8" />
        {marks.map((mark) => (
          <path key={mark} class="tick" d={`M${mark} 0v8`} />
        ))}
      </svg>
    </div>
  );
}
