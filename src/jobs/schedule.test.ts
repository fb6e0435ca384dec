import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definitions } from './definitions.ts';
import { checkJobSettings } from './jobs.ts';
import { queueSchema } from './queue.ts';
import { lastTick, lastTicks, nextTick, overdueTick, schedulesOf, tickId } from './schedule.ts';

const india = { cron: '45 15 * * 1-5', zone: 'Asia/Kolkata' };
const at = (time: string): Date => new Date(time);

describe('the times of a schedule', () => {
  it.each([
    ['2026-11-30T10:14:59.999Z', '2026-11-27T10:15:00.000Z', '2026-11-30T10:15:00.000Z'],
    ['2026-11-30T10:15:00.000Z', '2026-11-30T10:15:00.000Z', '2026-12-01T10:15:00.000Z'],
    ['2026-11-30T10:15:00.001Z', '2026-11-30T10:15:00.000Z', '2026-12-01T10:15:00.000Z'],
  ])('around %s are %s and %s', (now, last, next) => {
    expect(lastTick(india, at(now)).toISOString()).toBe(last);
    expect(nextTick(india, at(now)).toISOString()).toBe(next);
  });

  it('are over once all their tries may have been made', () => {
    const job = { ...definitions[0]!, limitMs: 60_000, retries: 2, retryDelayMs: 30_000 };
    const overdue = (now: string) => overdueTick({ job, time: india }, at(now))?.toISOString();
    expect(overdue('2026-11-30T10:18:59.999Z')).toBe('2026-11-27T10:15:00.000Z');
    expect(overdue('2026-11-30T10:19:00.000Z')).toBe('2026-11-30T10:15:00.000Z');
    expect(overdueTick({ job, time: undefined }, at('2026-11-30T10:19:00Z'))).toBeUndefined();
  });

  it('are the same when they are asked for again and again, also by a clock that is set back', () => {
    const start = at('2026-11-28T00:00:00Z').getTime();
    const steps = fc.array(fc.integer({ min: -200_000_000, max: 200_000_000 }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(steps, (moves) => {
        const last = lastTicks(india);
        let now = start;
        for (const move of moves) {
          now += move;
          expect(last(new Date(now))).toEqual(lastTick(india, new Date(now)));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('have one id each, the same in every process', () => {
    const id = tickId('outcomes', at('2026-11-30T10:15:00Z'));
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
    expect(tickId('outcomes', at('2026-11-30T10:15:00.000Z'))).toBe(id);
    expect(tickId('alerts', at('2026-11-30T10:15:00Z'))).not.toBe(id);
    expect(tickId('outcomes', at('2026-11-30T10:16:00Z'))).not.toBe(id);
  });
});

describe('the settings', () => {
  it('stand before the times of the jobs themselves', () => {
    const times = (given: Parameters<typeof schedulesOf>[1]) =>
      Object.fromEntries(schedulesOf(definitions, given).map(({ job, time }) => [job.name, time?.cron]));
    const own = {
      outcomes: '45 * * * *',
      retention: '30 2 * * *',
      alerts: '* * * * *',
      refresh: '*/10 * * * *',
    };
    expect(times({})).toEqual(own);
    expect(times({ outcomes: india, refresh: 'off' })).toEqual({
      ...own,
      outcomes: india.cron,
      refresh: undefined,
    });
    expect(Object.values(times('off'))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each([
    [
      { schedules: { outcomes: { cron: '99 * * * *', zone: 'UTC' } }, retentionDays: {} },
      /SCHEDULES: .*outcomes.*99/,
    ],
    [
      { schedules: { alerts: { cron: '* * * * *', zone: 'Mars/Base' } }, retentionDays: {} },
      /SCHEDULES: .*Mars/,
    ],
    [
      { schedules: {}, retentionDays: { scores: 3 } },
      /RETENTION_DAYS: expected stores of .*llm-costs.*"scores"/,
    ],
  ] as const)('are refused where they cannot be: %j', (given, message) => {
    expect(() => checkJobSettings(given)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) as unknown }),
    );
  });
});

it('the schema of the queue has a name that pg-boss takes, and each of ours another', () => {
  expect(queueSchema('stockroom')).toBe('stockroom_jobs');
  const [one, other] = [queueSchema('a'.repeat(63)), queueSchema(`${'a'.repeat(62)}b`)];
  expect(one).toMatch(/^a+_[\da-f]{8}_jobs$/);
  expect(one.length).toBeLessThanOrEqual(50);
  expect(one).not.toBe(other);
});
