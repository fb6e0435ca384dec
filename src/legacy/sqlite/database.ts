import Database from 'better-sqlite3';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, messageOf, StockroomError } from '../../core/errors.ts';

export type SqliteConnection = InstanceType<typeof Database>;
export type SqliteStatement = Database.Statement<unknown[]>;

/** How long a reader waits for a writer's lock before the file is reported as locked. */
export const LOCK_TIMEOUT_MS = 5000;
const SNAPSHOT_ATTEMPTS = 6;
/** Longer than a tick of the file system's clock, within which a second change would not show. */
const SETTLED_MS = 50;

const RETRY_MS = 1;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Runs a read until no writer is in its way, for as long as `timeoutMs`. SQLite's own waiting pauses for up
 * to 100 ms between two tries: a writer that commits without a pause leaves gaps that only a short one meets.
 */
export function patiently<T>(read: () => T, timeoutMs = LOCK_TIMEOUT_MS): T {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return read();
    } catch (error) {
      if (!codeOf(error).startsWith('SQLITE_BUSY') || performance.now() > deadline) throw error;
      Atomics.wait(sleeper, 0, 0, RETRY_MS);
    }
  }
}

export interface OpenDatabase {
  connection: SqliteConnection;
  /** The connection reads a copy in scratch, not the file itself. */
  snapshot: boolean;
  close(): Promise<void>;
}

/** True when the file begins as every SQLite database does. */
export function hasSqliteHeader(file: string): boolean {
  return readHeader(file).toString('latin1', 0, 16) === 'SQLite format 3\0';
}

/** The first 100 bytes of a file, where SQLite's header stands. */
export function readHeader(file: string): Buffer {
  const header = Buffer.alloc(100);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header, 0, 100, 0);
  } finally {
    closeSync(descriptor);
  }
  return header;
}

/**
 * Opens an old database for reading without creating anything beside it and without holding a lock between statements.
 *
 * A database in rollback mode is read in place: its readers create no file. Opening one in WAL mode would create a -shm
 * (and a -wal), and one with a journal left by a killed writer could not be rolled back, so those are read from a copy of
 * both files in scratch, taken while neither changed. Where a writer in WAL mode never rests long enough, SQLite's own
 * backup makes the copy: then the writer has the -shm open already and nothing new appears.
 */
export async function openDatabase(file: string): Promise<OpenDatabase> {
  try {
    const header = readHeader(file);
    const isWal = header[18] === 2 || header[19] === 2 || sizeOf(`${file}-wal`) > 0;
    const hasJournal = sizeOf(`${file}-journal`) > 0;
    // A journal that changes is that of a writer at work, whose locks will do; one that rests was left behind.
    if (isWal || (hasJournal && (await rests(file)))) return await openSnapshot(file);
    return openInPlace(file);
  } catch (error) {
    throw asSourceError(file, error);
  }
}

function openInPlace(file: string): OpenDatabase {
  const connection = open(file, true);
  return {
    connection,
    snapshot: false,
    close: async () => {
      connection.close();
    },
  };
}

function open(file: string, readonly: boolean): SqliteConnection {
  const connection = new Database(file, { readonly, fileMustExist: true, timeout: 0 });
  connection.defaultSafeIntegers(true);
  try {
    patiently(() => {
      // Tables are read once, front to back: more cache than SQLite's own default would only be memory.
      connection.pragma('cache_size = -2000');
      // The first statement that reads the file: a lock or damage shows here, not in the middle of a table.
      connection.prepare('SELECT count(*) FROM sqlite_master').get();
    });
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

async function openSnapshot(file: string): Promise<OpenDatabase> {
  const scratch = await mkdtemp(join(tmpdir(), 'stockroom-snapshot-'));
  const remove = (): Promise<void> => rm(scratch, { recursive: true, force: true });
  try {
    const copy = join(scratch, basename(file));
    if (!(await copyWhileStill(file, copy))) await backup(file, copy);
    const connection = open(copy, false);
    return {
      connection,
      snapshot: true,
      close: async () => {
        connection.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Whether the database and its companions stay as they are for a moment. */
async function rests(file: string): Promise<boolean> {
  const before = fingerprint(file);
  await delay(SETTLED_MS);
  return fingerprint(file) === before;
}

/** Copies the database and its -wal or -journal; false when they changed meanwhile, each of several times. */
async function copyWhileStill(file: string, copy: string): Promise<boolean> {
  for (let attempt = 0; attempt < SNAPSHOT_ATTEMPTS; attempt++) {
    // A copy of a file that is being written would be thrown away.
    if (!(await rests(file))) continue;
    const before = fingerprint(file);
    for (const suffix of ['', '-wal', '-journal']) {
      await rm(copy + suffix, { force: true });
      if (suffix === '' || sizeOf(file + suffix) > 0) await copyUnlessGone(file + suffix, copy + suffix);
    }
    if (fingerprint(file) === before) return true;
  }
  return false;
}

/** A journal may go while it is looked at: the fingerprint then says that something changed. */
async function copyUnlessGone(file: string, copy: string): Promise<void> {
  try {
    await copyFile(file, copy, constants.COPYFILE_FICLONE);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function fingerprint(file: string): string {
  return ['', '-wal', '-journal']
    .map((suffix) => statSync(file + suffix, { bigint: true, throwIfNoEntry: false }))
    .map((stat) => (stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : '-'))
    .join(' | ');
}

async function backup(file: string, copy: string): Promise<void> {
  for (const suffix of ['', '-wal', '-journal']) await rm(copy + suffix, { force: true });
  const live = open(file, true);
  try {
    live.pragma(`busy_timeout = ${LOCK_TIMEOUT_MS}`);
    // All pages in one step: a backup that yields to writers would start over whenever one commits.
    const { totalPages } = await live.backup(copy, { progress: () => 0x7fffffff });
    // That is how it ends when it waited for a lock in vain.
    if (totalPages === 0)
      throw Object.assign(new Error('the backup copied no page'), { code: 'SQLITE_BUSY' });
  } finally {
    live.close();
  }
}

function sizeOf(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() ? stat.size : 0;
}

/** An error of SQLite or of the file system as one that names the file and the way out. */
export function asSourceError(file: string, error: unknown): StockroomError {
  if (error instanceof StockroomError) return error;
  const code = codeOf(error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new StockroomError(
      'SOURCE_LOCKED',
      `locked by another process for more than ${LOCK_TIMEOUT_MS / 1000} s: let it finish or stop it, then run again`,
      { cause: error, details: { file } },
    );
  }
  return new StockroomError('SOURCE_UNREADABLE', unreadableReason(code, error), {
    cause: error,
    details: { file },
  });
}

function unreadableReason(code: string, error: unknown): string {
  if (code === 'ENOSPC') return `no space in ${tmpdir()} for a copy of it: make room, or set TMPDIR`;
  if (code === 'SQLITE_NOTADB') return 'no SQLite database, or an encrypted one';
  if (code.startsWith('SQLITE_CORRUPT'))
    return `damaged: ${messageOf(error)}; recover it with sqlite3's .recover and run again`;
  if (code === 'EACCES' || code === 'EPERM' || code.startsWith('SQLITE_CANTOPEN'))
    return 'no permission to read it';
  return messageOf(error);
}
