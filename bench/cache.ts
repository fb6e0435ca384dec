import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { askRedis } from '../test/support/redis-commands.ts';
import { startRedisCluster } from '../test/support/redis-topologies.ts';
import { type Server, startRedis } from '../test/support/servers.ts';
import { connect } from './cache/bare.ts';
import { cacheRows, contenders } from './cache/cache-rows.ts';
import type { Contender } from './cache/contender.ts';
import type { CorrectnessLine, CorrectnessResult, CorrectnessRow } from './cache/correctness-row.ts';
import { cutRow } from './cache/cut.ts';
import { compete, type Times } from './cache/measure.ts';
import { outsideRow } from './cache/outside.ts';
import { portRows } from './cache/port-rows.ts';
import { losses, markdown, type Results } from './cache/report.ts';
import { singleFlightRows } from './cache/single-flight.ts';
import type { Ground, SpeedResult, SpeedRow } from './cache/speed-row.ts';
import { exponents, l1Sizes, replay, type ZipfResult, zipfSettings } from './cache/zipf.ts';

const speedRows = [...cacheRows, ...portRows];
const correctnessRows = [...singleFlightRows, cutRow, outsideRow];
const ZIPF = 'zipf';
const ids = [...speedRows, ...correctnessRows].map(({ id }) => id).concat(ZIPF);

const help = `The two-tier cache beside its peers, all in one process against one Redis of its own.

  --only ROWS   these rows alone, separated by commas: ${ids.join(', ')}
  --rounds N    rounds of each timed row (5); the contenders take turns within a round
  --quick       short rounds, 2 of them, and a tenth of the Zipf requests: to see that it runs
  --json        the results as JSON instead of Markdown
  --help        this

The results go to stdout, progress to stderr. Only figures of one round of one row can be compared.`;

const usual: Times = { rounds: 5, warmUpMs: 1_000, sliceMs: 50, slices: 10 };
const quick: Times = { rounds: 2, warmUpMs: 200, sliceMs: 20, slices: 5 };

interface Plan {
  readonly wanted: ReadonlySet<string>;
  readonly times: Times;
  readonly zipf: typeof zipfSettings;
  readonly json: boolean;
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const times = values.quick ? quick : usual;
  const rounds = Number(values.rounds ?? times.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: ${values.rounds}`);
  const wanted = new Set(values.only?.split(',') ?? ids);
  for (const id of wanted) if (!ids.includes(id)) throw new Error(`--only: no row ${id} (${ids.join(', ')})`);
  const requests = values.quick ? zipfSettings.requests / 10 : zipfSettings.requests;
  const zipf = { ...zipfSettings, requests };
  // A peer that lets go of a promise which rejects, or throws where nobody can catch it, does not end the benchmark.
  process.on('unhandledRejection', (error) => console.error(`  nobody handled: ${firstLine(error)}`));
  process.on('uncaughtException', (error) => uncaught.push(error));
  const redis = await startRedis();
  const cluster = lazily(() => startRedisCluster());
  try {
    const results = await run(
      { wanted, times: { ...times, rounds }, zipf, json: values.json },
      redis,
      async () => (await cluster.value()).endpoints,
    );
    console.log(
      values.json ? JSON.stringify({ ...results, losses: losses(results) }, null, 2) : markdown(results),
    );
  } finally {
    await Promise.all([redis.stop(), cluster.started()?.then((one) => one.stop())]);
  }
  // A peer that keeps a timer or a connection must not keep the process.
  process.exit();
}

async function run(plan: Plan, redis: Server, cluster: Ground['cluster']): Promise<Results> {
  const { wanted } = plan;
  const { url } = redis;
  const speed: SpeedResult[] = [];
  for (const row of speedRows.filter(({ id }) => wanted.has(id))) {
    speed.push(await time(row, { url, cluster }, plan.times, redis.port));
  }
  const correctness: CorrectnessResult[] = [];
  for (const row of correctnessRows.filter(({ id }) => wanted.has(id)))
    correctness.push(await count(row, redis));
  const zipf: ZipfResult[] = [];
  for (const exponent of wanted.has(ZIPF) ? exponents : []) {
    for (const l1Entries of l1Sizes) {
      console.error(`zipf ${exponent}, ${l1Entries} entries in the process`);
      await askRedis(redis.port, 'FLUSHALL');
      zipf.push(await replay(url, exponent, l1Entries, plan.zipf));
    }
  }
  const notes = contenders.map(({ name, note }) => `${name}: ${note}`);
  return { machine: await machine(redis.port), notes, speed, correctness, zipf };
}

async function time(row: SpeedRow, ground: Ground, times: Times, port: number): Promise<SpeedResult> {
  console.error(`row ${row.id}: ${row.title}`);
  await askRedis(port, 'FLUSHALL');
  const admin = await connect(ground.url);
  const commands = async (): Promise<number> => {
    if (row.elsewhere) return Number.NaN;
    const info = await admin.info('stats');
    return Number(/^total_commands_processed:(\d+)/m.exec(info)?.[1]);
  };
  try {
    const lines = await compete(row.entries(ground), row.inFlight, times, commands);
    return { row: { id: row.id, title: row.title, aims: row.aims }, lines };
  } finally {
    await admin.close();
  }
}

async function count(row: CorrectnessRow, { url, port }: Server): Promise<CorrectnessResult> {
  console.error(`row ${row.id}: ${row.title}`);
  const lines: CorrectnessLine[] = [];
  for (const contender of row.contenders) {
    await askRedis(port, 'FLUSHALL');
    lines.push(await countOne(row, contender, { url, port }));
  }
  return { row: { id: row.id, title: row.title, columns: row.columns }, lines };
}

async function countOne(
  row: CorrectnessRow,
  contender: Contender,
  ground: Parameters<CorrectnessRow['run']>[1],
): Promise<CorrectnessLine> {
  const { name, role } = contender;
  uncaught.length = 0;
  try {
    const { cells, good } = await row.run(contender, ground);
    if (uncaught.length > 0) throw uncaught[0];
    console.error(`  ${name}: ${cells.join(', ')}`);
    return { name, role, cells, good, failure: undefined };
  } catch (error) {
    const failure =
      uncaught.length > 0 ? `would have ended the process: ${firstLine(uncaught[0])}` : firstLine(error);
    console.error(`  ${name} failed: ${failure}`);
    return { name, role, cells: [], good: false, failure };
  }
}

/** What was thrown since the contender began, where nobody could catch it. */
const uncaught: unknown[] = [];

const firstLine = (error: unknown): string => String(error).split('\n')[0]!.slice(0, 160);

async function machine(port: number): Promise<string> {
  const info = await askRedis<string>(port, 'INFO', 'server');
  const [redis = '?'] = /(?<=^redis_version:)\S+/m.exec(info) ?? [];
  const [cpu] = cpus();
  return `${cpu?.model.trim()}, ${cpus().length} cores; Node.js ${process.version}; Redis ${redis}`;
}

function lazily<T>(make: () => Promise<T>): {
  value: () => Promise<T>;
  started: () => Promise<T> | undefined;
} {
  let made: Promise<T> | undefined;
  return { value: () => (made ??= make()), started: () => made };
}
