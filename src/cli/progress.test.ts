import { describe, expect, it } from 'vitest';
import { testIo } from '../../test/support/cli.ts';
import { migrationProgress } from '../core/diagnostics.ts';
import { createContext } from './context.ts';
import { createProgress, withMigrationProgress } from './progress.ts';

describe('progress without a terminal', () => {
  it('is at the most one line a second for each source', () => {
    const io = testIo();
    let now = 0;
    const progress = createProgress(io, () => now);
    const show = (name: string, done: number, total?: number) =>
      progress.show({ name, phase: 'copy', done, total });
    show('llm_requests', 1_000, 4_000);
    now = 999;
    show('llm_requests', 2_000, 4_000);
    show('pick_events', 5);
    now = 1_000;
    show('llm_requests', 4_100, 4_000);
    progress.stop();
    expect(io.err().split('\n')).toEqual([
      'copy    llm_requests               1,000 of 4,000',
      'copy    pick_events                5',
      'copy    llm_requests               4,100 of 4,100',
      '',
    ]);
  });

  it('shares the lines of a group', () => {
    const io = testIo();
    const progress = createProgress(io, () => 0);
    for (const name of ['a', 'b']) {
      progress.show({ name, phase: 'write', done: 1, total: undefined, group: 'sample' });
    }
    expect(io.err()).toBe(`write   ${'a'.padEnd(26)} 1\n`);
  });
});

describe('progress on a terminal', () => {
  it('is a bar for each source and phase, and leaves nothing behind', () => {
    const io = testIo({}, true);
    const progress = createProgress(io);
    progress.show({ name: 'llm_requests', phase: 'copy', done: 150, total: 300 });
    progress.show({ name: 'llm_requests', phase: 'verify', done: 7, total: undefined });
    progress.stop();
    expect(io.err()).toContain('copy    llm_requests');
    expect(io.err()).toContain(`${'█'.repeat(12)}${'░'.repeat(12)} 150/300`);
    expect(io.err()).toMatch(/verify {2}llm_requests +7/);
    // The line is cleared at the end, and neither the cursor nor wrapping was switched off.
    expect(io.err().endsWith('\u001B[2K')).toBe(true);
    for (const off of ['\u001B[?25l', '\u001B[?7l']) expect(io.err()).not.toContain(off);
  });
});

it('a migration is listened to while it runs, and no longer', async () => {
  const io = testIo();
  const publish = (source: string) =>
    migrationProgress.publish(() => ({ source, phase: 'copy', done: 1, total: 1 }));
  publish('before');
  const result = await withMigrationProgress(createContext(io), async () => {
    publish('during');
    return 'done';
  });
  publish('after');
  expect(result).toBe('done');
  expect(io.err()).toMatch(/^copy {4}during +1 of 1\n$/);
});
