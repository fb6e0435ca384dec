export {
  type Calendar,
  createCalendar,
  type MarketSession,
  MAX_RANGE_DAYS,
  type SessionOverride,
} from './calendar.ts';
export { type Exchange, exchanges } from './exchanges.ts';
export { calendarFailures, loadCalendar, type ReloadingCalendar } from './reloading.ts';
export { offsetAt } from './zone.ts';
