import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { did, OldFiles, tuple } from '../../../../test/support/file-back.ts';
import { memoryPreferences } from '../../sources/memory-preferences.ts';
import { type FileOutcome } from './index.ts';

let old: OldFiles;
beforeEach(() => {
  old = new OldFiles();
});
afterEach(() => old.remove());

describe('a file that cannot be written', () => {
  const change = { key: 'k', tuple: tuple(memoryPreferences, { user_id: '1', pref_key: 'k', value: '2' }) };

  it('behind a link is written where it is', () => {
    old.put('real.json', '{"k": {"value": 1}}');
    symlinkSync(join(old.root, 'real.json'), join(old.root, 'user_1.json'));
    expect(did(old.apply(join(old.root, 'user_1.json'), memoryPreferences, [change]))).toEqual(['written']);
    expect(old.read('real.json')).toBe('{"k": {"value": 2}}');
  });

  it('that is no JSON stays as it is, and says so', () => {
    const path = old.put('user_1.json', '{"k": ');
    const [outcome] = old.apply(path, memoryPreferences, [change]);
    expect(outcome).toMatchObject({ did: 'refused', error: { code: 'SOURCE_UNREADABLE' } });
    expect(old.read('user_1.json')).toBe('{"k": ');
  });

  it('in a folder that is none', () => {
    old.put('a', '');
    const [outcome] = old.apply(join(old.root, 'a/user_1.json'), memoryPreferences, [change]);
    expect(outcome!.error?.code).toMatch(/^SOURCE_(?:NOT_WRITABLE|UNREADABLE)$/);
  });

  const before = '{"k": {"value": 1}}';
  /** Runs as a user who may not do everything; not where that cannot be had. */
  const asNobody = (work: () => void): void => {
    if (process.getuid?.() !== 0) return work();
    process.seteuid!('nobody');
    try {
      work();
    } finally {
      process.seteuid!(0);
    }
  };

  it.skipIf(process.getuid?.() === 0 && !isMainThread)('for want of a permission stays as it is', () => {
    const path = old.put('locked/user_1.json', before);
    chmodSync(old.root, 0o755);
    chmodSync(dirname(path), 0o555);
    let outcomes: FileOutcome[] = [];
    asNobody(() => (outcomes = old.apply(path, memoryPreferences, [change])));
    chmodSync(dirname(path), 0o755);
    expect(outcomes[0]).toMatchObject({ did: 'refused', error: { code: 'SOURCE_NOT_WRITABLE' } });
    expect(outcomes[0]!.error!.message).toContain('no permission');
    expect(old.read('locked/user_1.json')).toBe(before);
  });

  it('for want of space stays as it is, and nothing is left beside it', ({ skip }) => {
    const small = join(old.root, 'small');
    mkdirSync(small);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
    if (mounted.status !== 0) skip('only root mounts a small file system');
    try {
      const path = old.put('small/user_1.json', before);
      const large = tuple(memoryPreferences, {
        user_id: '1',
        pref_key: 'l',
        value: `"${'x'.repeat(1 << 17)}"`,
      });
      const [outcome] = old.apply(path, memoryPreferences, [{ key: 'l', tuple: large }]);
      expect(outcome).toMatchObject({ did: 'refused', error: { code: 'SOURCE_NOT_WRITABLE' } });
      expect(outcome!.error!.message).toContain('no space is left');
      expect(old.read('small/user_1.json')).toBe(before);
      expect(readdirSync(small)).toEqual(['user_1.json']);
      expect(did(old.apply(path, memoryPreferences, [change]))).toEqual(['written']);
    } finally {
      execFileSync('umount', [small]);
    }
  });
});
