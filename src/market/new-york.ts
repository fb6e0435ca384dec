import { addDays, goodFriday, isoDate, isWeekend, nthWeekday, weekdayOf } from './dates.ts';
import type { DayRule, ExchangeFacts } from './exchanges.ts';

const [SUNDAY, MONDAY, THURSDAY, SATURDAY] = [0, 1, 4, 6];

/** Closed without a rule: hurricanes, days of mourning. Nasdaq closed with the New York Stock Exchange each time. */
const unplanned: Readonly<Record<string, string>> = {
  '2001-09-11': 'Attacks of 11 September',
  '2001-09-12': 'Attacks of 11 September',
  '2001-09-13': 'Attacks of 11 September',
  '2001-09-14': 'Attacks of 11 September',
  '2004-06-11': 'Mourning for President Reagan',
  '2007-01-02': 'Mourning for President Ford',
  '2012-10-29': 'Hurricane Sandy',
  '2012-10-30': 'Hurricane Sandy',
  '2018-12-05': 'Mourning for President G. H. W. Bush',
  '2025-01-09': 'Mourning for President Carter',
};

/** Rule 7.2 of the exchange: a holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after. */
function observed(date: string): string {
  const weekday = weekdayOf(date);
  if (weekday === SATURDAY) return addDays(date, -1);
  return weekday === SUNDAY ? addDays(date, 1) : date;
}

function holidaysOf(year: number): string[] {
  const newYear = isoDate(year, 1, 1);
  return [
    // On a Saturday it is not kept: the Friday before ends a year of accounts.
    ...(weekdayOf(newYear) === SATURDAY ? [] : [observed(newYear)]),
    ...(year >= 1998 ? [nthWeekday(year, 1, MONDAY, 3)] : []), // Martin Luther King, Jr. Day
    nthWeekday(year, 2, MONDAY, 3), // Washington's Birthday
    goodFriday(year),
    nthWeekday(year, 5, MONDAY, -1), // Memorial Day
    ...(year >= 2022 ? [observed(isoDate(year, 6, 19))] : []), // Juneteenth
    observed(isoDate(year, 7, 4)),
    nthWeekday(year, 9, MONDAY, 1), // Labor Day
    nthWeekday(year, 11, THURSDAY, 4), // Thanksgiving
    observed(isoDate(year, 12, 25)),
  ];
}

/** Trading ends at 13:00 on the eve of Independence Day and of Christmas, and on the day after Thanksgiving. */
function halfDaysOf(year: number): string[] {
  return [isoDate(year, 7, 3), addDays(nthWeekday(year, 11, THURSDAY, 4), 1), isoDate(year, 12, 24)].filter(
    (date) => !isWeekend(date),
  );
}

function days(year: number): Map<string, DayRule> {
  const rules = new Map<string, DayRule>();
  for (const date of halfDaysOf(year)) rules.set(date, { open: '09:30', close: '13:00', note: 'Half day' });
  // An eve on which the holiday itself is kept is closed: holidays come second.
  for (const date of holidaysOf(year)) rules.set(date, { closed: true });
  for (const date of Object.keys(unplanned)) {
    if (date.startsWith(`${year}-`)) rules.set(date, { closed: true });
  }
  return rules;
}

/**
 * By rule, checked against the lists that NYSE Group published: 2025 to 2027 (2024-11-08) and 2026 to 2028 (2025-12-23).
 * Nasdaq's are the same.
 */
export const newYork: ExchangeFacts = {
  zone: 'America/New_York',
  hours: { open: '09:30', close: '16:00' },
  coveredFrom: '2018-01-01',
  coveredUntil: '2028-12-31',
  days,
};
