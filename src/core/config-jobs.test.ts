import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

it('takes on and off for all schedules', () => {
  expect(loadConfig({ STOCKROOM_SCHEDULES: 'on' }).schedules).toEqual({});
  expect(loadConfig({ STOCKROOM_SCHEDULES: 'OFF' }).schedules).toBe('off');
  const cron = '0,30 9-15/2 1 */3 0-7';
  expect(loadConfig({ STOCKROOM_SCHEDULES: `refresh=${cron}` }).schedules).toEqual({
    refresh: { cron, zone: 'UTC' },
  });
});

describe('a bad value', () => {
  it.each([
    ...[
      'outcomes',
      'outcomes=* * * *',
      'outcomes=60 * * * *',
      'outcomes=5-1 * * * *',
      'outcomes=*/0 * * * *',
      'outcomes=* * * * 8',
      'outcomes=* * * * * Mars/Base',
      'nothing=off',
      'alerts=off;alerts=off',
    ].map((value): [string, string, string] => [
      'STOCKROOM_SCHEDULES',
      value,
      'STOCKROOM_SCHEDULES: expected on, off, or entries separated by ";": a job (outcomes, retention, alerts, refresh), "=", ' +
        'and off or five fields of cron with a time zone behind them (UTC without one), found ' +
        `entry ${value.split(';').length} of another form or out of range, or a job for the second time`,
    ]),
    ...['365', 'context=0', 'context=1,context=2'].map((value): [string, string, string] => [
      'STOCKROOM_RETENTION_DAYS',
      value,
      'STOCKROOM_RETENTION_DAYS: expected store=days entries separated by commas, each store once, 1 to 36500 days, ' +
        `found "${value}"`,
    ]),
  ])('%s=%s is refused', (name, value, message) => {
    expect(() => loadConfig({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message }),
    );
  });
});
