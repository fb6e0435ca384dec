import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { askRedis } from '../test/support/redis-commands.ts';
import { type Server, startPostgres, startRedis } from '../test/support/servers.ts';
import { compete, type Plan, type Result } from './stores/compete.ts';
import { type InsertLine, llmInserts } from './stores/llm-inserts.ts';
import { OldCallers } from './stores/old-callers.ts';
import { writeOldFiles } from './stores/old-files.js';
import { type Ours, openOurs, preload } from './stores/ours.ts';
import { markdown } from './stores/report.ts';
import { rows } from './stores/rows.ts';

const INSERTS = 'inserts';
const ids = [...rows.map(({ id }) => id), INSERTS];
const QUICK_SECONDS = 0.2;

const help = `The stores beside the files of the old application, on a PostgreSQL and a Redis of their own.

  --only ROWS     these rows alone, separated by commas: ${ids.join(', ')}
  --callers LIST  how many call at once (1,8,32)
  --seconds N     how long each side of a cell is timed (2), after a warm-up of half of it
  --rounds N      rounds of each cell (1); the figures are medians
  --quick         ${QUICK_SECONDS} seconds: to see that it runs
  --json          the results as JSON instead of Markdown
  --help          this

The results go to stdout, progress to stderr. Only figures of one run can be compared.`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      callers: { type: 'string', default: '1,8,32' },
      seconds: { type: 'string' },
      rounds: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const wanted = new Set(values.only?.split(',') ?? ids);
  for (const id of wanted) if (!ids.includes(id)) throw new Error(`--only: no row ${id} (${ids.join(', ')})`);
  const seconds = above(0, '--seconds', values.seconds ?? String(values.quick ? QUICK_SECONDS : 2));
  const plan: Plan = {
    callers: values.callers.split(',').map((text) => whole('--callers', text)),
    rounds: whole('--rounds', values.rounds),
    times: { warmUpMs: seconds * 500, ms: seconds * 1_000 },
  };
  const report = await run(wanted, plan);
  console.log(values.json ? JSON.stringify(report, null, 2) : markdown(report));
}

interface Report {
  readonly machine: string;
  readonly results: Result[];
  readonly inserts: InsertLine[];
}

async function run(wanted: ReadonlySet<string>, plan: Plan): Promise<Report> {
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-bench-'));
  const closers: (() => Promise<void> | void)[] = [() => rmSync(scratch, { recursive: true, force: true })];
  try {
    // What is acknowledged is on the disk, as it is with the old files.
    const postgres = await startPostgres({ fsync: 'on', full_page_writes: 'on' });
    closers.push(() => postgres.stop());
    const redis = await startRedis();
    closers.push(() => redis.stop());
    console.error('preloading both sides');
    const baseMs = Date.now();
    writeOldFiles(scratch, baseMs);
    const old = await OldCallers.start(scratch, Math.max(...plan.callers));
    closers.push(() => old.end());
    const ours = await openOurs(postgres.url, redis.url, baseMs);
    closers.push(() => ours.close());
    await preload(ours);
    const results = await competeAll(wanted, ours, old, plan);
    const inserts = wanted.has(INSERTS) ? await insertLines(ours, postgres.url, plan) : [];
    return { machine: await machine(ours, redis), results, inserts };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** Reads first: what the appends add would make some of them slower, and not by the same on both sides. */
async function competeAll(
  wanted: ReadonlySet<string>,
  ours: Ours,
  old: OldCallers,
  plan: Plan,
): Promise<Result[]> {
  const results = new Map<string, Result[]>();
  for (const kind of ['hot', 'append'] as const) {
    for (const row of rows.filter((row) => row.kind === kind && wanted.has(row.id))) {
      console.error(`row ${row.id}: ${row.title}`);
      results.set(row.id, await compete(row, ours, old, plan));
    }
  }
  return rows.flatMap(({ id }) => results.get(id) ?? []);
}

/** Its aim is a ratio of two figures: three rounds at least. */
function insertLines(ours: Ours, url: string, { times, rounds }: Plan): Promise<InsertLine[]> {
  console.error(`row ${INSERTS}: the log of LLM requests beside one INSERT a commit`);
  return llmInserts(ours, url, times, Math.max(3, rounds));
}

async function machine({ durable }: Ours, redis: Server): Promise<string> {
  const info = await askRedis<string>(redis.port, 'INFO', 'server');
  const [redisVersion = '?'] = /(?<=^redis_version:)\S+/m.exec(info) ?? [];
  const { rows: found } = await durable.query<{ server_version: string }>('SHOW server_version');
  const sqlite = new Database(':memory:');
  const sqliteVersion = String(sqlite.prepare('SELECT sqlite_version()').pluck().get());
  sqlite.close();
  const versions = `PostgreSQL ${found[0]!.server_version}; Redis ${redisVersion}; SQLite ${sqliteVersion}`;
  return `${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node.js ${process.version}; ${versions}`;
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`${name}: expected a whole number from 1, found ${text}`);
}

function above(least: number, name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > least) return value;
  throw new Error(`${name}: expected a number above ${least}, found ${text}`);
}
