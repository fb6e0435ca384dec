/** Pure arithmetic of charts: scales, ticks and paths. */
export interface Scale {
  (value: number): number;
  readonly low: number;
  readonly high: number;
}

/** Values from `low` to `high` onto pixels from `from` to `to`. A span of nothing maps to the middle. */
export function linear(low: number, high: number, from: number, to: number): Scale {
  const span = high - low;
  const scale = (value: number): number =>
    span === 0 ? (from + to) / 2 : from + ((value - low) / span) * (to - from);
  return Object.assign(scale, { low, high });
}

/** A step of 1, 2 or 5 times a power of ten that gives about `wanted` ticks. */
export function niceStep(span: number, wanted: number): number {
  // Nothing, or what no axis could name.
  if (!(span > 1e-12)) return 1;
  const raw = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const times = raw / power;
  return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

/** Round values from the first at or above `low` to the last at or below `high`. */
export function ticks(low: number, high: number, wanted = 4): number[] {
  if (!Number.isFinite(low) || !Number.isFinite(high) || high < low) return [];
  const step = niceStep(high - low, wanted);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const tick = Number(((first + index) * step).toPrecision(12));
    return tick === 0 ? 0 : tick;
  });
}

/** The round span around values that starts at zero unless some are below it. */
export function roundSpan(values: readonly number[], wanted = 4): [low: number, high: number] {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const step = niceStep(high - low, wanted);
  const top = Math.ceil(high / step - 1e-9) * step;
  const bottom = Math.floor(low / step + 1e-9) * step;
  return [bottom === 0 ? 0 : bottom, top === bottom ? bottom + 1 : top];
}

export interface Band {
  x: number;
  width: number;
}

/** Equal bands for `count` bars within `width`, with a gap that thin bars do without. */
export function bands(count: number, from: number, width: number): Band[] {
  const step = width / Math.max(1, count);
  const gap = step > 6 ? Math.min(6, step * 0.25) : step > 2 ? 1 : 0;
  return Array.from({ length: count }, (_, index) => ({
    x: from + index * step + gap / 2,
    width: Math.max(0.5, step - gap),
  }));
}

/** Which of `count` names to write below an axis, so that none stands on another. */
export function labelled(count: number, width: number, each: number): number[] {
  const every = Math.max(1, Math.ceil((count * each) / Math.max(1, width)));
  const shown: number[] = [];
  for (let index = count - 1; index >= 0; index -= every) shown.unshift(index);
  return shown;
}

/** Positions in rising order, moved apart as little as keeps `gap` between them, and not beyond `last`. */
export function apart(positions: readonly number[], gap: number, last: number): number[] {
  const moved = [...positions];
  for (let index = 1; index < moved.length; index += 1) {
    moved[index] = Math.max(moved[index]!, moved[index - 1]! + gap);
  }
  for (let index = moved.length - 1, limit = last; index >= 0 && moved[index]! > limit; index -= 1) {
    moved[index] = limit;
    limit -= gap;
  }
  return moved;
}

/** The index that a key moves to, or undefined when the key says nothing to a chart. */
export function moved(key: string, index: number | undefined, count: number): number | undefined {
  if (count === 0) return undefined;
  const last = count - 1;
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key === 'ArrowLeft') return index === undefined ? last : Math.max(0, index - 1);
  if (key === 'ArrowRight') return index === undefined ? last : Math.min(last, index + 1);
  if (key === 'PageUp') return Math.max(0, (index ?? last) - 10);
  if (key === 'PageDown') return Math.min(last, (index ?? last) + 10);
  return undefined;
}
