import { localToUtc, MICROS_PER_DAY, MICROS_PER_MINUTE, offsetAt } from '../values/time.ts';

/** How an old writer spelt its times. */
export interface TimeForm {
  readonly separator: 'T' | ' ';
  /** What stands after the time: `Z`, an offset, or nothing for a time of the column's own zone. */
  readonly suffix: string;
  /** Digits of the fraction. */
  readonly digits: number;
  /** The fraction is there also when it is 0; Python leaves it out then. */
  readonly always: boolean;
}

const MICRO_DIGITS = 6;
const MICROS_PER_SECOND = 1_000_000n;
const DAY = BigInt(MICROS_PER_DAY);
const pattern =
  /^\d{4}-\d{2}-\d{2}([T ])\d{2}:\d{2}:\d{2}(?:\.(\d{1,9}))?(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?$/;

/** `datetime.isoformat(sep)` and what the old application put behind it. */
export const pythonForm = (separator: 'T' | ' ', suffix = ''): TimeForm => ({
  separator,
  suffix,
  digits: MICRO_DIGITS,
  always: false,
});

/** An instant so that every reader takes it for what it is. */
const EXPLICIT = pythonForm('T', '+00:00');

interface Seen {
  separator: 'T' | ' ';
  suffix: string;
  count: number;
  /** Values by the length of their fraction. */
  readonly lengths: Map<number, number>;
  zeroFraction: boolean;
}

/** Finds the form in which most times of a column are written. */
export class TimeFormLearner {
  private readonly forms = new Map<string, Seen>();

  see(text: string): void {
    const match = pattern.exec(text);
    if (match === null) return;
    const [, separator, fraction = '', suffix = ''] = match;
    const key = `${separator}${suffix}`;
    let seen = this.forms.get(key);
    if (seen === undefined) {
      seen = { separator: separator as 'T' | ' ', suffix, count: 0, lengths: new Map(), zeroFraction: false };
      this.forms.set(key, seen);
    }
    seen.count++;
    seen.lengths.set(fraction.length, (seen.lengths.get(fraction.length) ?? 0) + 1);
    if (/^0+$/.test(fraction)) seen.zeroFraction = true;
  }

  /** Null when no time was seen. */
  form(): TimeForm | null {
    let most: Seen | null = null;
    for (const seen of this.forms.values()) if (most === null || seen.count > most.count) most = seen;
    if (most === null) return null;
    const { separator, suffix, lengths, zeroFraction } = most;
    const [digits] = [...lengths].filter(([length]) => length > 0).sort((a, b) => b[1] - a[1])[0] ?? [
      MICRO_DIGITS,
    ];
    const everywhere = !lengths.has(0);
    const always = zeroFraction || (everywhere && digits !== MICRO_DIGITS);
    return { separator, suffix, digits: Math.min(digits, MICRO_DIGITS), always };
  }
}

/**
 * An instant in a form. `zone` is where a time without an offset was written, `forced` where every time of the column
 * was, whatever its Z claims; null when nobody said so. A time that the form cannot tell (one that comes twice when
 * clocks are set back) is given explicitly.
 */
export function writeTime(micros: bigint, form: TimeForm, zone: string, forced: string | null): string {
  const local = localOf(micros, form.suffix, zone, forced);
  if (local !== null && isWritable(local)) return `${clock(local, form)}${form.suffix}`;
  const suffix = EXPLICIT_SUFFIXES.find((one) => isWritable(localOf(micros, one, zone, null)!));
  return `${clock(localOf(micros, suffix ?? UTC, zone, null)!, EXPLICIT)}${suffix ?? UTC}`;
}

/** Offsets in which an instant near either end of the calendar has a year of four digits. */
const UTC = '+00:00';
const EXPLICIT_SUFFIXES: readonly string[] = [UTC, '-16:00', '+16:00'];
/** The first and the last day of the years 1 to 9999, and the day after. */
const FIRST = -719_162n * DAY;
const END = 2_932_897n * DAY;

const isWritable = (local: bigint): boolean => local >= FIRST && local < END;

function localOf(micros: bigint, suffix: string, zone: string, forced: string | null): bigint | null {
  const offset = /^([+-])(\d{2}):?(\d{2})?/.exec(suffix);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
    return micros + BigInt(MICROS_PER_MINUTE) * BigInt(offset[1] === '-' ? -minutes : minutes);
  }
  const shown = forced ?? (suffix === 'Z' ? 'UTC' : zone);
  if (shown === 'UTC') return micros;
  const seconds = Math.round(offsetAt(Number(micros), shown) * 60);
  const local = micros + BigInt(seconds) * MICROS_PER_SECOND;
  const back = localToUtc(Number(local), shown);
  return back === Number(local) - seconds * 1_000_000 ? local : null;
}

function clock(local: bigint, { separator, digits, always }: TimeForm): string {
  let day = local / DAY;
  if (local < 0n && day * DAY !== local) day--;
  const rest = local - day * DAY;
  const seconds = Number(rest / MICROS_PER_SECOND);
  const micros = Number(rest % MICROS_PER_SECOND);
  const date = dateText(Number(day));
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${date}${separator}${time}${fractionText(micros, digits, always)}`;
}

function fractionText(micros: number, digits: number, always: boolean): string {
  if (micros === 0 && !always) return '';
  const all = String(micros).padStart(MICRO_DIGITS, '0');
  // More digits than the form has, rather than another time.
  const exact = /^0*$/.test(all.slice(digits));
  return `.${exact ? all.slice(0, digits) : all}`;
}

/** A day, counted from 1970 on, as `YYYY-MM-DD`. */
export function dateText(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}
