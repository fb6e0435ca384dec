const HOUR_MS = 3_600_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/** What a clock on the wall of the zone shows, as if it were UTC; whole seconds. */
function wallTime(zone: string, at: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** How far the zone is ahead of UTC at an instant, in milliseconds. */
export function offsetAt(zone: string, at: number): number {
  const whole = Math.floor(at / 1000) * 1000;
  return wallTime(zone, whole) - whole;
}

/** The calendar day (YYYY-MM-DD) of an instant in a zone. */
export function dayIn(zone: string, at: number): string {
  return new Date(wallTime(zone, at)).toISOString().slice(0, 10);
}

/**
 * Turns times of one day in a zone (`HH:MM`) into instants. The offset is that of noon: clocks change at night, outside
 * the hours of trading.
 */
export function clockOf(zone: string, date: string): (time: string) => number {
  const midnight = Date.parse(date);
  const noon = midnight + 12 * HOUR_MS;
  const offset = offsetAt(zone, noon - offsetAt(zone, noon));
  return (time) => Date.parse(`${date}T${time}:00Z`) - offset;
}
