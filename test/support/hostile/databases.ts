import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import {
  addTable,
  definitionOf,
  type Expectation,
  expectation,
  insertRows,
  neighbour,
  requests,
  source,
  withDatabase,
} from './kit.ts';

const FILE = 'cache/llm_costs.db';

/**
 * Makes a database elsewhere and copies its files while the connection is open, as a killed writer leaves them: the
 * connection's own end would tidy them up.
 */
function copyWhileOpen(
  directory: string,
  suffixes: readonly string[],
  work: (db: Sqlite.Database) => void,
): void {
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-hostile-'));
  const origin = join(scratch, 'writer.db');
  const target = join(directory, FILE);
  mkdirSync(dirname(target), { recursive: true });
  const db = new Sqlite(origin);
  try {
    work(db);
    for (const suffix of suffixes) {
      if (!existsSync(origin + suffix)) throw new Error(`the writer left no ${suffix} file`);
      copyFileSync(origin + suffix, target + suffix);
    }
  } finally {
    db.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A database in WAL mode: 5 rows in the file, 3 newer ones only in its -wal; no -shm. */
export function walOnlyRows(directory: string): Expectation {
  copyWhileOpen(directory, ['', '-wal'], (db) => {
    db.pragma('journal_mode = WAL');
    db.pragma('wal_autocheckpoint = 0');
    db.exec(definitionOf('llm_requests'));
    insertRows(db, 'llm_requests', requests(5));
    db.pragma('wal_checkpoint(TRUNCATE)');
    insertRows(db, 'llm_requests', requests(3, 6));
  });
  return expectation('the newest rows are read out of the -wal, and neither file changes', {
    sources: [source('llm_requests', 8)],
  });
}

/** A rollback journal left by a killed writer, whose changed pages are in the file already: the old 3,000 rows are true. */
export function hotJournal(directory: string): Expectation {
  copyWhileOpen(directory, ['', '-journal'], (db) => {
    db.exec(definitionOf('llm_requests'));
    db.transaction(() => insertRows(db, 'llm_requests', requests(3000)))();
    // A cache of a few pages: the transaction spills into the file before it is committed.
    db.pragma('cache_size = 2');
    db.exec("BEGIN; UPDATE llm_requests SET model = 'never'");
    insertRows(db, 'llm_requests', requests(100, 3001));
  });
  return expectation('the unfinished transaction is rolled back in a copy; neither file changes', {
    sources: [source('llm_requests', 3000)],
  });
}

/** A database whose text is UTF-16; its content is ordinary. */
export function utf16Database(directory: string): Expectation {
  const rows = requests(4);
  for (const [i, model] of ['gpt-4', 'modèle', '模型', 'model \u{1f600} \ufffd'].entries()) {
    rows[i] = { ...rows[i], model };
  }
  withDatabase(directory, FILE, (db) => {
    db.pragma("encoding = 'UTF-16le'");
    db.exec(definitionOf('llm_requests'));
    insertRows(db, 'llm_requests', rows);
  });
  return expectation('UTF-16 is read as text; a U+FFFD that was written is no damage', {
    sources: [source('llm_requests', 4)],
  });
}

/**
 * One table in two files, as a backup inside the directory leaves it. Rows 1 to 4 are the same in both; with
 * `differing`, row 5 has another cost in the copy and row 6 is there alone.
 */
export function sameTableTwice(directory: string, differing: boolean): Expectation {
  const copy = requests(5);
  if (differing) copy[4] = { ...copy[4], cost_usd: 0.75 };
  addTable(directory, FILE, 'llm_requests', requests(5));
  addTable(directory, 'old/llm_costs.db', 'llm_requests', differing ? [...copy, ...requests(1, 6)] : copy);
  return expectation('identical rows are skipped as duplicates; those that differ load from both files', {
    sources: [
      differing ? source('llm_requests', 11, { skipped: 4 }) : source('llm_requests', 10, { skipped: 5 }),
    ],
  });
}

const HOLDER = `
const Sqlite = require(process.argv[1]);
const db = new Sqlite(process.argv[2]);
db.exec('BEGIN EXCLUSIVE');
process.stdout.write('locked');
process.stdin.on('end', () => { db.exec('ROLLBACK'); db.close(); });
process.stdin.resume();
`;

/**
 * A database that another process holds locked. While it does, the file is unreadable; after `release` it loads like
 * any other, with `released` as the report. Releasing twice does nothing.
 */
export async function lockedDatabase(
  directory: string,
): Promise<Expectation & { released: Expectation; release: () => Promise<void> }> {
  const path = addTable(directory, FILE, 'llm_requests', requests(4));
  const rest = neighbour(directory);
  const module = createRequire(import.meta.url).resolve('better-sqlite3');
  const child = spawn(process.execPath, ['-e', HOLDER, module, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  // The holder ends by itself when this process does: its standard input ends then.
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([code]) => {
      throw new Error(`the process that holds the lock ended with ${String(code)}`);
    }),
  ]);
  return {
    ...expectation('a locked file is unreadable after a bounded wait, the others load', {
      sources: [rest],
      unreadable: [FILE],
    }),
    released: expectation('the lock is gone', { sources: [source('llm_requests', 4), rest] }),
    release: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
