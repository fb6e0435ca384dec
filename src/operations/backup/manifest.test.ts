import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Manifest, readBackup, writeManifest } from './manifest.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'stockroom-manifest-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const refusal = async (manifest: unknown): Promise<unknown> => {
  await writeManifest(directory, manifest as Manifest);
  return readBackup(directory).catch((error: unknown) => error);
};

it('a backup of a later Stockroom is not called damaged', async () => {
  expect(await refusal({ format: 2, stockroom: '9.1.0', tiers: [] })).toMatchObject({
    code: 'ARCHIVE_INVALID',
    message: expect.stringMatching(/was made by Stockroom 9\.1\.0, .*: restore it with that version\.$/),
  });
});

it('what is no manifest is', async () => {
  for (const other of [{ format: 1, stockroom: '9.1.0' }, { format: 'two' }, [], null, 7])
    expect(await refusal(other)).toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringContaining('another form'),
    });
});
