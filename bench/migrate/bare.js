// The least that moves the rows: better-sqlite3 → text → COPY, with no check, no hash and no checkpoint.
import { once } from 'node:events';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

const [, , file, url, table] = process.argv;
const client = new Client({ connectionString: url });
await client.connect();
const database = new Database(file ?? '', { readonly: true });
const columns = 'id, symbol, agent_type, score, confidence, signals, reasoning, created_at';
const started = performance.now();
const stream = client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN`));
/** @param {string | number | null} value */
const field = (value) =>
  value === null
    ? '\\N'
    : typeof value === 'string'
      ? value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r')
      : String(value);
let rows = 0;
let text = '';
for (const row of database.prepare(`SELECT ${columns} FROM agent_analyses`).raw().iterate()) {
  text += `${/** @type {(string | number | null)[]} */ (row).map(field).join('\t')}\n`;
  rows++;
  if (text.length > 1 << 18) {
    if (!stream.write(text)) await once(stream, 'drain');
    text = '';
  }
}
stream.end(text);
await once(stream, 'finish');
const copyMs = performance.now() - started;
await client.end();
console.log(JSON.stringify({ rows, copyMs }));
