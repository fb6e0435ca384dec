import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeArchive } from './archive.ts';
import { readManifest } from './manifest.ts';
import { removeOriginals } from './remove.ts';
import { restoreArchive } from './restore.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-archive-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const quiet = (): void => undefined;

function write(directory: string, path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), bytes);
}

function treeOf(directory: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const stat = statSync(join(directory, name), { bigint: true });
    if (!stat.isFile()) continue;
    const hash = createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex');
    tree[name] = [hash, stat.mode.toString(8), stat.mtimeNs / 1000n].join(' ');
  }
  return tree;
}

/** Archives everything in a directory. */
function archiveAll(directory: string, root = join(scratch, 'archives')): ReturnType<typeof writeArchive> {
  const files = Object.keys(treeOf(directory)).map((path) => ({
    path,
    stores: ['scores'],
    bytes: statSync(join(directory, path)).size,
    database: null,
  }));
  return writeArchive({ directory, root, files, time: new Date(), database: 'here', onProgress: quiet });
}

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  // A folder of the name of another's member is left out by the plan, and so is what no path can hold.
  .filter((text) => !/[/\0]|^\.{0,2}$|\.gz$/.test(text) && text === text.normalize('NFC'));
const content = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 3000 }) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array()) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 200_000, max: 1_500_000 }).map((size) => new Uint8Array(size).fill(7)),
  },
);
const entry = fc.record({
  folders: fc.array(name, { maxLength: 2 }),
  file: name,
  content,
  mode: fc.constantFrom(0o600, 0o640, 0o644, 0o444, 0o755),
  mtimeMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
});

describe('an archive', () => {
  it('gives back every tree of files, byte for byte', { timeout: 120_000 }, async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 6 }), async (entries) => {
        const own = join(scratch, String(++run));
        const old = join(own, 'old');
        mkdirSync(old, { recursive: true });
        for (const { folders, file, content: bytes, mode, mtimeMs } of entries) {
          const path = [...folders, file].join('/');
          try {
            write(old, path, bytes);
          } catch {
            // A name that is a folder already, or a file: another entry has it.
            continue;
          }
          chmodSync(join(old, path), mode);
          utimesSync(join(old, path), mtimeMs / 1000, mtimeMs / 1000);
        }
        const before = treeOf(old);
        const { archive, manifest, identities } = await archiveAll(old, join(own, 'archives'));
        const removal = await removeOriginals(old, manifest.files, identities, new Map(), quiet);
        expect(removal).toEqual({ removed: Object.keys(before).length, kept: [] });
        expect(treeOf(old)).toEqual({});
        await restoreArchive({ directory: join(own, 'elsewhere'), archive });
        expect(treeOf(join(own, 'elsewhere'))).toEqual(before);
        await restoreArchive({ directory: old, archive });
        expect(treeOf(old)).toEqual(before);
        rmSync(own, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });
});

describe('a restore', () => {
  let old: string;
  let archive: string;
  let before: Record<string, string>;

  beforeEach(async () => {
    old = join(scratch, 'old');
    write(old, 'cache/a.json', '{"a": 1}');
    write(old, 'cache/b.json', 'b'.repeat(100_000));
    write(old, 'data/c.jsonl', '');
    before = treeOf(old);
    ({ archive } = await archiveAll(old));
  });

  const restore = (directory = old): ReturnType<typeof restoreArchive> =>
    restoreArchive({ directory, archive });
  const member = (path: string): string => join(archive, 'files', `${path}.gz`);

  it('passes over what is there as it was', async () => {
    rmSync(join(old, 'cache/b.json'));
    expect(await restore()).toMatchObject({ exit: 0, files: 3, restored: 1, there: 2 });
    expect(treeOf(old)).toEqual(before);
  });

  it('never replaces a file that is another, and names each', async () => {
    write(old, 'cache/a.json', '{"a": 2}');
    rmSync(join(old, 'cache/b.json'));
    mkdirSync(join(old, 'cache/b.json'));
    rmSync(join(old, 'data'), { recursive: true });
    const now = treeOf(old);
    await expect(restore()).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { conflicts: ['cache/a.json', 'cache/b.json (no file)'] },
    });
    expect(treeOf(old)).toEqual(now);
  });

  it('writes nowhere else than below the directory', async () => {
    const elsewhere = join(scratch, 'elsewhere');
    mkdirSync(elsewhere);
    const target = join(scratch, 'target');
    mkdirSync(target);
    symlinkSync(elsewhere, join(target, 'cache'));
    await expect(restore(target)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(readdirSync(elsewhere)).toEqual([]);
    const path = join(archive, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as { files: { path: string }[] };
    for (const bad of ['../x.json', '/x.json', 'a/../../x', '']) {
      manifest.files[0]!.path = bad;
      writeFileSync(path, JSON.stringify(manifest));
      await expect(readManifest(archive), bad).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    }
  });

  it.each<[string, (file: string) => void]>([
    ['is cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, -9))],
    [
      'has another byte',
      (file) => {
        const bytes = readFileSync(file);
        bytes[bytes.length >> 1]! ^= 1;
        writeFileSync(file, bytes);
      },
    ],
    ['is longer', (file) => writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('x')]))],
    ['is that of another file', (file) => writeFileSync(file, readFileSync(member('cache/a.json')))],
    ['is gone', (file) => rmSync(file)],
  ])('refuses an archive of which a member %s, names it, and writes nothing', async (_, break_) => {
    chmodSync(member('cache/b.json'), 0o600);
    break_(member('cache/b.json'));
    const empty = join(scratch, 'empty');
    await expect(restore(empty)).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringContaining('cache/b.json.gz'),
    });
    expect(existsSync(empty)).toBe(false);
  });

  it('refuses an archive without a manifest, or whose manifest was changed', async () => {
    const path = join(archive, 'manifest.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"cache/a.json"', '"cache/z.json"'));
    await expect(restore()).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    rmSync(path);
    await expect(restore()).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringContaining('manifest.json is not there'),
    });
  });

  it('refuses when there is no room', async () => {
    const run = restoreArchive({ directory: join(scratch, 'full'), archive, freeBytes: async () => 10 });
    await expect(run).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(existsSync(join(scratch, 'full'))).toBe(false);
  });
});
