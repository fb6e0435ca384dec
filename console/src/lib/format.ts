const numbers = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const pad = (value: number): string => String(value).padStart(2, '0');

/** What is not there. */
export const NONE = '–';

export function count(value: number | string): string {
  return typeof value === 'number' ? numbers.format(value) : numbers.format(BigInt(value));
}

/** 1.2K, 34.5M: for axes and tiles, never where the figure itself matters. */
export function short(value: number): string {
  return compact.format(value);
}

/** A figure with a fixed number of decimals and a true minus sign. */
export function decimal(value: number | null | undefined, decimals = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const text = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(Math.abs(value));
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** `+1.25 %`: figures that are percent already. */
export function percent(value: number | null | undefined, decimals = 2, { sign = false } = {}): string {
  const text = decimal(value, decimals);
  if (text === NONE) return NONE;
  const plus = sign && (value ?? 0) > 0 && /[1-9]/.test(text) ? '+' : '';
  return `${plus}${text} %`;
}

/** A share from 0 to 1 as percent. */
export function share(value: number | null | undefined, decimals = 1): string {
  return percent(value === null || value === undefined ? null : value * 100, decimals);
}

/** US dollars out of a decimal text: cents, or four decimals below ten of them, where calls of a model are. */
export function usd(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const amount = Number(value);
  if (!Number.isFinite(amount)) return NONE;
  const size = Math.abs(amount);
  const sign = amount < 0 ? '−' : '';
  if (size === 0) return '$0.00';
  if (size < 0.0001) return `${sign}<$0.0001`;
  return `${sign}$${decimal(size, size < 0.1 ? 4 : 2)}`;
}

/** `2026-11-30 07:05` in UTC. */
export function utc(iso: string | number, { seconds = false } = {}): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return String(iso);
  const text = at.toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, seconds ? 19 : 16)}`;
}

/** The same moment where the reader is, with the name of the zone. */
export function local(iso: string | number): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return String(iso);
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  const clock = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  return `${day} ${clock} ${Intl.DateTimeFormat().resolvedOptions().timeZone} (your time)`;
}

/** `3 min ago`, `in 2 h`. */
export function ago(iso: string | number, now: number = Date.now()): string {
  const ms = now - new Date(iso).getTime();
  const size = Math.abs(ms);
  if (size < 45_000) return ms >= 0 ? 'just now' : 'in a moment';
  const text = roughly(size);
  return ms >= 0 ? `${text} ago` : `in ${text}`;
}

/** A time span in its largest unit. */
export function roughly(ms: number): string {
  if (ms < 90_000) return `${Math.max(1, Math.round(ms / 1_000))} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 129_600_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function bytes(size: number): string {
  if (size < 1_000) return `${size} B`;
  if (size < 1_000_000) return `${(size / 1_000).toFixed(1)} kB`;
  return size < 1_000_000_000
    ? `${(size / 1_000_000).toFixed(1)} MB`
    : `${(size / 1_000_000_000).toFixed(1)} GB`;
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `pattern_recognition` as `pattern recognition`. */
export function spaced(name: string): string {
  return name.replaceAll('_', ' ');
}
