import { chmodSync, closeSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { addTable, type Expectation, expectation, neighbour, put, requests, source } from './kit.ts';

const FILE = 'cache/llm_costs.db';

/** A database of 0 bytes: what an interrupted download or a full disk leaves. */
export function emptyFile(directory: string): Expectation {
  put(directory, FILE, '');
  return expectation('a database file of 0 bytes is unreadable, the others load', {
    sources: [neighbour(directory)],
    unreadable: [FILE],
  });
}

/** Bytes that are no database under the name of one, and a database's header with garbage behind it. */
export function notADatabase(directory: string): Expectation {
  const garbage = Buffer.from(Array.from({ length: 8192 }, (_, i) => (i * 167 + 13) % 251));
  const header = Buffer.from(garbage);
  header.write('SQLite format 3\0', 'latin1');
  // A header that is right in every field, so that only the pages behind it are garbage.
  header.fill(0, 16, 100);
  header.set([0x10, 0x00, 1, 1, 0, 64, 32, 32], 16);
  header.writeUInt32BE(1, 24);
  header.writeUInt32BE(header.length / 4096, 28);
  header.writeUInt32BE(4, 44);
  header.writeUInt32BE(1, 56);
  header.writeUInt32BE(1, 92);
  put(directory, FILE, garbage);
  put(directory, 'cache/context.db', header);
  return expectation('garbage and a header before garbage are unreadable, the others load', {
    sources: [neighbour(directory)],
    unreadable: [FILE, 'cache/context.db'].sort(),
  });
}

/** A Git LFS pointer where a database was. */
export function lfsPointer(directory: string): Expectation {
  const oid = 'a3f1'.repeat(16);
  put(directory, FILE, `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 151552\n`);
  return expectation('a Git LFS pointer is unreadable, and the reason says what it is', {
    sources: [neighbour(directory)],
    unreadable: [FILE],
  });
}

/** A link to the directory above, a link to itself, and a second name of a file: each row is read once. */
export function symlinkLoop(directory: string): Expectation {
  addTable(directory, FILE, 'llm_requests', requests(4));
  symlinkSync('..', join(directory, 'cache', 'loop'));
  symlinkSync('self.json', join(directory, 'cache', 'self.json'));
  symlinkSync('llm_costs.db', join(directory, 'cache', 'second-name.db'));
  return expectation('loops end, and a file with two names is one file', {
    sources: [source('llm_requests', 4)],
    unreadable: ['cache/self.json'],
  });
}

/** Files that no source takes: named one by one, never passed over. */
export function unclaimedFiles(directory: string): Expectation {
  const files = [
    'data/analytics/daily_summary.csv',
    'data/events/events_2026-01-09.jsonl',
    'data/scalping_exits/exits_2026-01-09.json',
    'data/strategy_exits/exits_2026-01-09.json',
    'notes.txt',
  ];
  for (const file of files)
    put(directory, file, file.endsWith('.jsonl') ? '{"event": "started"}\n' : '{"a": 1}');
  const backtest = 'CREATE TABLE backtest_results (id INTEGER PRIMARY KEY, ret REAL)';
  addTable(directory, 'cache/top_picks_backtest.db', 'backtest_results', [{ id: 1, ret: 0.5 }], backtest);
  return expectation('what nobody takes is listed', {
    sources: [neighbour(directory)],
    unclaimed: ['cache/top_picks_backtest.db:backtest_results', ...files].sort(),
  });
}

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return false;
  }
}

/**
 * A database that its permissions hide. They hide nothing from root, who then reads it like any other: `hidden` says
 * which it is, and the expectation follows.
 */
export function unreadableFile(directory: string): Expectation & { hidden: boolean } {
  const path = addTable(directory, FILE, 'llm_requests', requests(4));
  chmodSync(path, 0);
  const hidden = !canOpen(path);
  const rest = neighbour(directory);
  const expected = expectation('a file without permission to read it is unreadable, the others load', {
    sources: hidden ? [rest] : [source('llm_requests', 4), rest],
    unreadable: hidden ? [FILE] : [],
  });
  return { ...expected, hidden };
}
