import diagnosticsChannel from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { channel, durableQuery, migrationProgress, migrationWarning } from './diagnostics.ts';

describe('channel', () => {
  it('builds no message when nobody listens', () => {
    const quiet = channel<{ value: number }>('test:quiet');
    let built = 0;
    const publish = (): void => quiet.publish(() => ({ value: (built += 1) }));
    publish();
    expect(built).toBe(0);
    const heard: number[] = [];
    const stop = quiet.subscribe(({ value }) => heard.push(value));
    publish();
    stop();
    publish();
    expect(heard).toEqual([1]);
  });

  it('is the channel of that name in Node', () => {
    const heard: unknown[] = [];
    const listener = (message: unknown): void => void heard.push(message);
    diagnosticsChannel.subscribe('stockroom:migration:warning', listener);
    const warning = { code: 'ORPHAN', source: 'pick_outcomes', detail: '3 rows' };
    migrationWarning.publish(() => warning);
    diagnosticsChannel.unsubscribe('stockroom:migration:warning', listener);
    expect(heard).toEqual([warning]);
    expect([migrationProgress.name, migrationWarning.name, durableQuery.name]).toEqual([
      'stockroom:migration:progress',
      'stockroom:migration:warning',
      'stockroom:durable:query',
    ]);
  });
});
