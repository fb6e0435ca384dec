// The old application while it runs: `node live-writer.js FILE held|reopen`, with an IPC channel. One commit a row:
// inserts, updates and replacements, with the patience that Python's sqlite3 has by default. `held` keeps its connection,
// `reopen` opens one for every commit and closes it, as a web handler does. Answers every message with what it did so far,
// and ends on `stop`.
import { setTimeout as pause } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';

const PATIENCE_MS = 5000;
/** Between two commits: without it a database in WAL mode would grow faster than anybody could copy it. */
const PAUSE_MS = 1;
const [, , file = '', manner = 'held'] = process.argv;

/** @returns {import('better-sqlite3').Database} */
const open = () => new Sqlite(file, { timeout: PATIENCE_MS });

let connection = open();
let commits = 0;
let longestMs = 0;
const wish = { stopped: false };
/** @type {string[]} */
const errors = [];
/** @type {number} The ids are 1 to this one: every row up to it is committed. */
let lastId = Number(connection.prepare('SELECT max(id) FROM llm_requests').pluck().get());

/** @param {number} n */
function write(n) {
  const values = [`model-${n}`, n, n % 1000, n / 1024];
  const id = 1 + ((n * 7919) % lastId);
  if (n % 4 === 0) {
    connection
      .prepare(
        'UPDATE llm_requests SET model = ?, tokens_input = ?, tokens_output = ?, cost_usd = ? WHERE id = ?',
      )
      .run(...values, id);
  } else if (n % 4 === 1) {
    connection
      .prepare(
        'INSERT OR REPLACE INTO llm_requests (model, tokens_input, tokens_output, cost_usd, id) VALUES (?, ?, ?, ?, ?)',
      )
      .run(...values, id);
  } else {
    const insert =
      'INSERT INTO llm_requests (model, tokens_input, tokens_output, cost_usd) VALUES (?, ?, ?, ?)';
    lastId = Number(connection.prepare(insert).run(...values).lastInsertRowid);
  }
}

process.on('message', (message) => {
  wish.stopped = message === 'stop';
  process.send?.({ lastId, commits, errors, longestMs });
});

for (let n = 1; !wish.stopped; n++) {
  const started = performance.now();
  try {
    if (manner === 'reopen') {
      connection.close();
      connection = open();
    }
    write(n);
    commits++;
  } catch (error) {
    errors.push(String(error));
  }
  longestMs = Math.max(longestMs, performance.now() - started);
  await pause(PAUSE_MS);
}
connection.close();
process.disconnect();
