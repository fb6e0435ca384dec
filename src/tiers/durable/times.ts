import { StockroomError } from '../../core/errors.ts';

/** As PostgreSQL writes a timestamptz: `2024-02-29 09:15:00.5+00`, `0044-03-15 12:00:00+00 BC`. */
const timestampText =
  /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/;
const dateText = /^(\d{4,})-(\d\d)-(\d\d)( BC)?$/;

/**
 * A timestamptz as ISO 8601 in UTC with six decimals; a year outside 0 to 9999 is written with a sign and six
 * digits, as `Date` does. `infinity` and `-infinity` stay as they are.
 */
export function parseTimestamp(text: string): string {
  const match = timestampText.exec(text);
  if (match === null) return text;
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = '',
    sign,
    offHours,
    offMinutes,
    offSeconds,
    bc,
  ] = match;
  const offset = Number(offHours) * 3600 + Number(offMinutes ?? 0) * 60 + Number(offSeconds ?? 0);
  const decimals = fraction.padEnd(6, '0');
  const astronomical = bc === undefined ? Number(year) : 1 - Number(year);
  if (offset === 0) {
    return `${isoYear(astronomical)}-${month}-${day}T${hour}:${minute}:${second}.${decimals}Z`;
  }
  // Only a session whose time zone was changed comes here.
  const date = new Date(0);
  date.setUTCFullYear(astronomical, Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second) - (sign === '+' ? offset : -offset));
  if (Number.isNaN(date.getTime())) return text;
  return `${date.toISOString().slice(0, -5)}.${decimals}Z`;
}

/** A date as YYYY-MM-DD, with a signed year of six digits outside 0 to 9999; `infinity` stays as it is. */
export function parseDate(text: string): string {
  const match = dateText.exec(text);
  if (match === null) return text;
  const [, year, month, day, bc] = match;
  return `${isoYear(bc === undefined ? Number(year) : 1 - Number(year))}-${month}-${day}`;
}

/**
 * A date as PostgreSQL reads it: it knows neither a signed year nor the year 0.
 *
 * @throws StockroomError INVALID_INPUT when the date is not a valid one
 */
export function timestampLiteral(date: Date): string {
  const year = date.getUTCFullYear();
  if (Number.isNaN(year)) {
    throw new StockroomError('INVALID_INPUT', 'expected a valid date, found Invalid Date');
  }
  const iso = date.toISOString();
  if (year >= 1 && year <= 9999) return iso;
  const rest = iso.slice(iso.indexOf('-', 1));
  return year > 9999 ? `${year}${rest}` : `${String(1 - year).padStart(4, '0')}${rest} BC`;
}

function isoYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}
