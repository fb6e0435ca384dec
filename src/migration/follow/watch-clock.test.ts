import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Watch } from './watch.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stockroom-watch-clock-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

it('a file that is gone counts as gone as soon as ever, though the clock was set back meanwhile', async () => {
  const path = join(directory, 'a.json');
  writeFileSync(path, '{}');
  const watch = new Watch(directory);
  const [file] = watch.look().changed;
  watch.done('a.json', file!.fingerprint);
  rmSync(path);
  expect(watch.look()).toMatchObject({ gone: [], restless: true });
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.waitFor(() => expect(watch.look().gone).toEqual(['a.json']), 10_000);
  watch.close();
});
