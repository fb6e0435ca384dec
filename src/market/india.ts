import { goodFriday, isoDate } from './dates.ts';
import type { DayRule, ExchangeFacts, Hours } from './exchanges.ts';

/**
 * Days from Monday to Friday without trading in equities, the same on NSE and BSE. Sources: the exchanges' yearly lists
 * of trading holidays and their later circulars (elections, days of mourning, moved feasts), checked against the lists
 * that the calendar XBOM of the Python package exchange_calendars (Apache-2.0) keeps to the end of 2025.
 */
const holidays: Readonly<Record<number, string>> = {
  2018: '01-26 02-13 03-02 03-29 03-30 05-01 08-15 08-22 09-13 09-20 10-02 10-18 11-07 11-08 11-23 12-25',
  2019: '03-04 03-21 04-17 04-19 04-29 05-01 06-05 08-12 08-15 09-02 09-10 10-02 10-08 10-21 10-28 11-12 12-25',
  2020: '02-21 03-10 04-02 04-06 04-10 04-14 05-01 05-25 10-02 11-16 11-30 12-25',
  2021: '01-26 03-11 03-29 04-02 04-14 04-21 05-13 07-21 08-19 09-10 10-15 11-04 11-05 11-19',
  2022: '01-26 03-01 03-18 04-14 04-15 05-03 08-09 08-15 08-31 10-05 10-24 10-26 11-08',
  2023: '01-26 03-07 03-30 04-04 04-07 04-14 05-01 06-29 08-15 09-19 10-02 10-24 11-14 11-27 12-25',
  2024: '01-22 01-26 03-08 03-25 03-29 04-11 04-17 05-01 05-20 06-17 07-17 08-15 10-02 11-01 11-15 11-20 12-25',
  2025: '02-26 03-14 03-31 04-10 04-14 04-18 05-01 08-15 08-27 10-02 10-21 10-22 11-05 12-25',
  2026: '01-15 01-26 03-03 03-26 03-31 04-03 04-14 05-01 05-28 06-26 09-14 10-02 10-20 11-10 11-24 12-25',
};

const regular: Hours = { open: '09:15', close: '15:30' };
const muhurat = (open: string, close: string): Hours => ({ open, close, note: 'Muhurat trading' });
const rehearsal: Hours = {
  open: '09:15',
  close: '12:30',
  note: 'Switch to the disaster recovery site: 09:15 to 10:00 and 11:30 to 12:30, one session here',
};
const budget: Hours = { ...regular, note: 'Union Budget' };

/** Sessions on holidays and at weekends, and days with other hours; from the exchanges' circulars. */
const special: Readonly<Record<string, Hours>> = {
  '2018-11-07': muhurat('17:30', '18:30'),
  '2019-10-27': muhurat('18:15', '19:15'),
  '2020-02-01': budget,
  '2020-11-14': muhurat('18:15', '19:15'),
  '2021-02-24': { open: '09:15', close: '17:00', note: 'Extended after a halt of NSE from 11:40 to 15:45' },
  '2021-11-04': muhurat('18:15', '19:15'),
  '2022-10-24': muhurat('18:15', '19:15'),
  '2023-11-12': muhurat('18:15', '19:15'),
  '2024-01-20': { ...regular, note: 'Saturday, for the holiday of the Monday after' },
  '2024-03-02': rehearsal,
  '2024-05-18': rehearsal,
  '2024-11-01': muhurat('18:00', '19:00'),
  '2025-02-01': budget,
  '2025-10-21': muhurat('13:45', '14:45'),
  // The Muhurat session of Sunday 2026-11-08 was announced without its times: an override gives them.
  '2026-02-01': budget,
};

/** Beyond the years that are known: the holidays whose day does not depend on a sighting of the moon or an election. */
function fixedHolidays(year: number): string[] {
  const days = [
    [1, 26], // Republic Day
    [4, 14], // Ambedkar Jayanti
    [5, 1], // Maharashtra Day
    [8, 15], // Independence Day
    [10, 2], // Gandhi Jayanti
    [12, 25], // Christmas
  ] as const;
  return [...days.map(([month, day]) => isoDate(year, month, day)), goodFriday(year)];
}

function days(year: number): Map<string, DayRule> {
  const closed = holidays[year]?.split(' ').map((day) => `${year}-${day}`) ?? fixedHolidays(year);
  const rules = new Map<string, DayRule>(closed.map((date) => [date, { closed: true }]));
  for (const [date, hours] of Object.entries(special)) {
    if (date.startsWith(`${year}-`)) rules.set(date, hours);
  }
  return rules;
}

export const india: ExchangeFacts = {
  zone: 'Asia/Kolkata',
  hours: regular,
  coveredFrom: '2018-01-01',
  coveredUntil: '2026-12-31',
  days,
};
