import { execFileSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { writeAnalysesDatabase } from '../src/legacy/sample/index.ts';
import { startPostgres } from '../test/support/servers.ts';
import { runChild } from './migrate/child.ts';

/** One contender in one round. */
interface Measure {
  rows: number;
  ms: number;
  peakMiB: number | null;
}

interface Bench {
  directory: string;
  file: string;
  rows: number;
  url: (database: string) => string;
}

const columns = 'id, symbol, agent_type, score, confidence, signals, reasoning, created_at';
const table = `(id bigint PRIMARY KEY, symbol text, agent_type text, score double precision, confidence text,
  signals jsonb, reasoning text, created_at timestamptz)`;

/**
 * SQLite → PostgreSQL with 1,000,000 rows of 8 columns and a JSON of about 285 bytes: ours with everything on, the least
 * loop that moves the rows, psql's \copy from a file that is ready, and pgloader where it is installed. All in one run
 * against one throwaway PostgreSQL with its default durability.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { rows: { type: 'string' }, rounds: { type: 'string' } } });
  const rows = Number(values.rows ?? 1_000_000);
  const rounds = Number(values.rounds ?? 1);
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-bench-'));
  const server = await startPostgres({ fsync: 'on', full_page_writes: 'on' });
  try {
    const file = join(scratch, 'legacy', 'cache', 'context.db');
    mkdirSync(join(scratch, 'legacy', 'cache'), { recursive: true });
    console.error(`writing ${rows} rows`);
    await writeAnalysesDatabase(file, { rows, seed: 1 });
    const url = (database: string): string =>
      Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
    await compete({ directory: join(scratch, 'legacy'), file, rows, url }, scratch, server.url, rounds);
  } finally {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function compete(bench: Bench, scratch: string, adminUrl: string, rounds: number): Promise<void> {
  const text = join(scratch, 'rows.tsv');
  await writeText(bench.file, text);
  const results = new Map<string, Measure[]>();
  const failures: string[] = [];
  const note = (name: string, measure: Measure): void => {
    results.set(name, [...(results.get(name) ?? []), measure]);
    console.error(`  ${name}: ${Math.round((measure.rows / measure.ms) * 1000)} rows/s`);
  };
  for (let round = 0; round < rounds; round++) {
    console.error(`round ${round + 1} of ${rounds}`);
    await ours(bench, await freshDatabase(adminUrl, 'ours'), note);
    await bare(bench, await freshDatabase(adminUrl, 'bare'), note);
    await psql(bench, await freshDatabase(adminUrl, 'psql'), text, note);
    if (hasPgloader()) {
      const database = await freshDatabase(adminUrl, 'pgloader');
      // It is known to run out of its heap: that is a result, not the end of the benchmark.
      await pgloader(bench, database, scratch, note).catch((error: unknown) => {
        failures.push(`pgloader failed in round ${round + 1}: ${String(error).split('\n')[0]}`);
        console.error(`  ${failures.at(-1)}`);
      });
    }
  }
  print(results);
  for (const failure of failures) console.log(`\n${failure}`);
  if (!hasPgloader())
    console.log('\npgloader is not installed: its row is missing (Debian: apt-get install pgloader)');
}

type Note = (name: string, measure: Measure) => void;

async function ours(bench: Bench, database: string, note: Note): Promise<void> {
  const script = join(import.meta.dirname, 'migrate', 'ours.js');
  const { stdout, peakMiB } = await runChild(process.execPath, [
    // As the command line is started: see src/cli/main.ts.
    '--max-semi-space-size=4',
    script,
    bench.directory,
    bench.url(database),
  ]);
  const { rows, exit, copyMs, verifyMs } = JSON.parse(stdout) as {
    rows: number;
    exit: number;
    copyMs: number;
    verifyMs: number;
  };
  if (rows !== bench.rows || exit !== 0)
    throw new Error(`ours loaded ${rows} of ${bench.rows} rows, exit ${exit}`);
  note('stockroom: copy', { rows, ms: copyMs, peakMiB });
  note('stockroom: copy + verify', { rows, ms: copyMs + verifyMs, peakMiB });
}

async function bare(bench: Bench, database: string, note: Note): Promise<void> {
  await execute(bench.url(database), `CREATE TABLE analyses ${table}`);
  const script = join(import.meta.dirname, 'migrate', 'bare.js');
  const { stdout, peakMiB } = await runChild(process.execPath, [
    script,
    bench.file,
    bench.url(database),
    'analyses',
  ]);
  const { rows, copyMs } = JSON.parse(stdout) as { rows: number; copyMs: number };
  note('bare better-sqlite3 → COPY, no checks', { rows, ms: copyMs, peakMiB });
}

async function psql(bench: Bench, database: string, text: string, note: Note): Promise<void> {
  await execute(bench.url(database), `CREATE TABLE analyses ${table}`);
  const copy = `\\copy analyses (${columns}) FROM '${text}'`;
  const { elapsedMs, peakMiB } = await runChild('psql', ['-X', '-q', '-d', bench.url(database), '-c', copy]);
  note('psql \\copy from a ready text file', { rows: bench.rows, ms: elapsedMs, peakMiB });
}

async function pgloader(bench: Bench, database: string, scratch: string, note: Note): Promise<void> {
  const load = join(scratch, 'pgloader.load');
  writeFileSync(
    load,
    `LOAD DATABASE FROM sqlite://${bench.file} INTO ${bench.url(database)}
     WITH include drop, create tables, create indexes, reset sequences;`,
  );
  const { elapsedMs, peakMiB } = await runChild('pgloader', [load]);
  const client = new Client({ connectionString: bench.url(database) });
  await client.connect();
  const { rows } = await client.query<{ n: string }>('SELECT count(*) AS n FROM agent_analyses');
  await client.end();
  note('pgloader', { rows: Number(rows[0]!.n), ms: elapsedMs, peakMiB });
}

function hasPgloader(): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'pgloader')));
}

async function freshDatabase(adminUrl: string, name: string): Promise<string> {
  await execute(adminUrl, `DROP DATABASE IF EXISTS ${name}`);
  await execute(adminUrl, `CREATE DATABASE ${name}`);
  await execute(adminUrl, 'CHECKPOINT');
  return name;
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The rows in COPY's text format: what psql gets for nothing. */
async function writeText(file: string, target: string): Promise<void> {
  const database = new Database(file, { readonly: true });
  const out = createWriteStream(target);
  let text = '';
  for (const row of database.prepare(`SELECT ${columns} FROM agent_analyses`).raw().iterate()) {
    const fields = (row as (string | number | null)[]).map((value) =>
      value === null ? '\\N' : String(value).replaceAll('\\', '\\\\'),
    );
    text += `${fields.join('\t')}\n`;
    if (text.length < 1 << 20) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  out.end(text);
  await once(out, 'finish');
  database.close();
}

function print(results: Map<string, Measure[]>): void {
  const rate = (measure: Measure): number => (measure.rows / measure.ms) * 1000;
  const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;
  const rates = new Map([...results].map(([name, list]) => [name, list.map(rate)]));
  const base = rates.get('pgloader') ?? rates.get('bare better-sqlite3 → COPY, no checks')!;
  const baseName = rates.has('pgloader') ? 'pgloader' : 'bare loop';
  console.log(`| | rows/s (median) | spread | × ${baseName} | peak memory |\n|---|---|---|---|---|`);
  for (const [name, list] of rates) {
    const peaks = results.get(name)!.map((measure) => measure.peakMiB ?? 0);
    const spread = `${Math.round(Math.min(...list))} to ${Math.round(Math.max(...list))}`;
    const ratio = (median(list) / median(base)).toFixed(2);
    console.log(
      `| ${name} | ${Math.round(median(list))} | ${spread} | ${ratio} | ${Math.round(Math.max(...peaks))} MiB |`,
    );
  }
  console.log(
    `\nNode.js ${process.version}, ${execFileSync('psql', ['--version'], { encoding: 'utf8' }).trim()}`,
  );
}
