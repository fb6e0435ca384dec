/**
 * A point in time as text, kept to the microsecond: PostgreSQL holds microseconds and a JavaScript Date only
 * milliseconds, so that a time that went through a Date would no longer equal the row it came from.
 */
const FORM =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|z|[+ -]\d{2}:?\d{2}))?$/;

function isCalendarDate(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date);
}

/** In a query string an unencoded `+` arrives as a space; nothing else can be meant by one in that place. */
function withColon(zone: string): string {
  if (zone.toUpperCase() === 'Z') return 'Z';
  const signed = zone.replace(' ', '+');
  return signed.includes(':') ? signed : `${signed.slice(0, 3)}:${signed.slice(3)}`;
}

/**
 * The same time in UTC with six decimals (`2026-11-22T02:59:24.408900Z`), or undefined when the text is no ISO 8601
 * time. A date alone is its first instant in UTC. A time without a zone is refused: which one is meant, nobody can say.
 * Digits beyond the sixth decimal are cut off.
 */
export function parseIsoTime(text: string): string | undefined {
  const match = FORM.exec(text);
  const date = match?.[1];
  if (match === null || date === undefined || !isCalendarDate(date)) return undefined;
  const [, , clock = '00:00', seconds = '00', fraction = '', zone = 'Z'] = match;
  const at = new Date(`${date}T${clock}:${seconds}${withColon(zone)}`);
  // 24:00 is a time to JavaScript, and not to most readers of ISO 8601.
  if (Number.isNaN(at.getTime()) || clock.startsWith('24')) return undefined;
  const utc = at.toISOString();
  // Years outside 1 to 9999 are written with a sign and more digits, and year 0 is none to PostgreSQL.
  if (!/^\d{4}-/.test(utc) || utc.startsWith('0000')) return undefined;
  return `${utc.slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

/** A Date in the same form. @throws RangeError for one that is no time */
export function isoTime(date: Date): string {
  return `${date.toISOString().slice(0, -1)}000Z`;
}

/** The calendar day `YYYY-MM-DD` as it was given, or undefined when there is no such day. */
export function parseIsoDate(text: string): string | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !text.startsWith('0000') && isCalendarDate(text)
    ? text
    : undefined;
}

/** The day in UTC of a time given by `parseIsoTime` or by a Date. */
export function utcDay(time: string | Date): string {
  return (typeof time === 'string' ? time : time.toISOString()).slice(0, 10);
}
