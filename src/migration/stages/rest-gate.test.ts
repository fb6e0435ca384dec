import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { restGate } from './gates.ts';
import type { Ground } from './ground.ts';

const HOUR_MS = 3_600_000;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stockroom-rest-'));
  writeFileSync(join(directory, 'a.json'), '{}');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it.each([
  ['just now', 0, false],
  ['long ago', -HOUR_MS, true],
  ['after now, before the clock was set back', HOUR_MS, true],
])('a file of JSON that changed %s', (_, sinceMs, passed) => {
  const nowMs = Date.now();
  const changed = new Date(nowMs + sinceMs);
  utimesSync(join(directory, 'a.json'), changed, changed);
  const side = { directory, documents: new Map([['a', ['a.json']]]) };
  expect(restGate({ side } as unknown as Ground, nowMs)?.passed).toBe(passed);
});
