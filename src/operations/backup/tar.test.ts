import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packDirectory, unpackDirectory } from './tar.ts';

const sizes = [0, 1, 511, 512, 513, 8_192, 200_001];
let scratch: string;
let archive: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-tar-'));
  mkdirSync(join(scratch, 'from', 'base', '1'), { recursive: true });
  mkdirSync(join(scratch, 'from', 'pg_empty'));
  for (const size of sizes) {
    const bytes = Buffer.alloc(size, `${size} `);
    writeFileSync(join(scratch, 'from', 'base', '1', String(size)), bytes);
  }
  archive = join(scratch, 'archive.tar.gz');
  await packDirectory(join(scratch, 'from'), archive);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function contents(directory: string): [string, string][] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return names.map((name) => {
    const path = join(directory, name);
    return [name, statSync(path).isDirectory() ? 'directory' : readFileSync(path, 'latin1')];
  });
}

it('gives back what was packed, empty directories and files too', async () => {
  await unpackDirectory(archive, join(scratch, 'to'));
  expect(contents(join(scratch, 'to'))).toEqual(contents(join(scratch, 'from')));
});

it('is what tar reads', () => {
  mkdirSync(join(scratch, 'tar'));
  execFileSync('tar', ['-xzf', archive, '-C', join(scratch, 'tar')]);
  expect(contents(join(scratch, 'tar'))).toEqual(contents(join(scratch, 'from')));
});

it('refuses an archive that ends in the middle, has another form, or leads out of its directory', async () => {
  const whole = gunzipSync(readFileSync(archive));
  const attempt = async (name: string, bytes: Buffer): Promise<void> => {
    writeFileSync(join(scratch, name), gzipSync(bytes));
    await unpackDirectory(join(scratch, name), join(scratch, `${name}.d`));
  };
  const invalid = { code: 'ARCHIVE_INVALID' };
  await expect(attempt('short', whole.subarray(0, whole.length - 100_000))).rejects.toMatchObject(invalid);
  await expect(attempt('other', Buffer.alloc(1_024, 'x'))).rejects.toMatchObject(invalid);
  const out = Buffer.from(whole);
  out.write('../x/', 0);
  // The sum of the bytes of the header, made right for the new name.
  let sum = 256;
  for (let at = 0; at < 512; at += 1) if (at < 148 || at >= 156) sum += out[at]!;
  out.write(sum.toString(8).padStart(6, '0'), 148);
  await expect(attempt('out', out)).rejects.toMatchObject(invalid);
});
