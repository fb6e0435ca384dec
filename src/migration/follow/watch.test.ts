import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Watch } from './watch.ts';

let directory: string;
let watch: Watch;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stockroom-watch-'));
  watch = new Watch(directory);
});
afterEach(() => {
  watch.close();
  rmSync(directory, { recursive: true, force: true });
});

const LONG_AGO = new Date('2026-01-09T12:00:00Z');
function put(path: string, content: string, at: Date | null = LONG_AGO): void {
  mkdirSync(join(directory, path, '..'), { recursive: true });
  writeFileSync(join(directory, path), content);
  if (at) utimesSync(join(directory, path), at, at);
}
const changed = (): string[] => watch.look().changed.map(({ path }) => path);
function read(): void {
  for (const { path, fingerprint } of watch.look().changed) watch.done(path, fingerprint);
}

describe('a file', () => {
  it('is changed until it was read, and when it changes again', () => {
    put('a.json', '{"a": 1}');
    put('b.json', '{}');
    expect(changed()).toEqual(['a.json', 'b.json']);
    read();
    expect(changed()).toEqual([]);
    put('a.json', '{"a": 2}', new Date('2026-01-09T12:00:01Z'));
    expect(changed()).toEqual(['a.json']);
  });

  it('is changed when another took its place with the same size and time', () => {
    put('a.json', '{"a": 1}');
    read();
    put('other', '{"a": 2}');
    renameSync(join(directory, 'other'), join(directory, 'a.json'));
    expect(changed()).toEqual(['a.json']);
  });

  it('that was written a moment ago is looked at again: a second change in the same tick would not show', async () => {
    put('a.json', '{"a": 1}', null);
    read();
    expect(changed()).toEqual(['a.json']);
    await vi.waitFor(() => {
      read();
      expect(changed()).toEqual([]);
    });
  });

  it('that breaks off or is empty is not changed, but unfinished', () => {
    put('a.json', '{"a": [1, 2');
    put('b.json', '');
    const { changed: none, unfinished } = watch.look();
    expect([none, [...unfinished.keys()]]).toEqual([[], ['a.json', 'b.json']]);
    put('a.json', '{"a": [1, 2]}', new Date('2026-01-09T12:00:01Z'));
    expect(changed()).toEqual(['a.json']);
  });

  it('of lines that became shorter a moment ago is waited for', async () => {
    put('a.jsonl', '{}\n{}\n');
    read();
    put('a.jsonl', '{}\n', null);
    expect([...watch.look().unfinished.keys()]).toEqual(['a.jsonl']);
    await vi.waitFor(() => expect(changed()).toEqual(['a.jsonl']), { timeout: 5000 });
  });

  it('that is not there is gone only after a while', async () => {
    put('a.json', '{}');
    read();
    renameSync(join(directory, 'a.json'), join(directory, 'b.json'));
    expect(watch.look()).toMatchObject({ gone: [], restless: true });
    await vi.waitFor(() => expect(watch.look().gone).toEqual(['a.json']), { timeout: 5000 });
  });
});

describe('a database', () => {
  it('is changed when SQLite says so, though its size and time are as before', () => {
    const file = join(directory, 'a.db');
    const db = new Sqlite(file);
    try {
      db.exec('CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)');
      utimesSync(file, LONG_AGO, LONG_AGO);
      for (const found of watch.look().changed) {
        watch.done(found.path, found.fingerprint);
        watch.probe(found, found.fingerprint.text);
      }
      expect(changed()).toEqual([]);
      db.exec('UPDATE t SET a = 2');
      utimesSync(file, LONG_AGO, LONG_AGO);
      expect(changed()).toEqual(['a.db']);
    } finally {
      db.close();
    }
  });

  it('is one with what SQLite keeps beside it', () => {
    const file = join(directory, 'a.db');
    const db = new Sqlite(file);
    try {
      db.pragma('journal_mode = wal');
      db.exec('CREATE TABLE t (a INTEGER)');
      for (const name of ['a.db', 'a.db-wal']) utimesSync(join(directory, name), LONG_AGO, LONG_AGO);
      expect(changed()).toEqual(['a.db']);
      read();
      expect(changed()).toEqual([]);
      db.exec('INSERT INTO t VALUES (1)');
      expect(changed()).toEqual(['a.db']);
    } finally {
      db.close();
    }
  });
});
