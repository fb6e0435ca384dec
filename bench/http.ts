import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startPostgres, startRedis } from '../test/support/servers.ts';
import { startChild } from './http/child.ts';
import { compete, type Contender, type Figures, type Plan } from './http/measure.ts';
import { answersOf, type Route, routes, seed } from './http/seed.ts';

const help = `Hot reads over HTTP beside a bare Fastify that answers with the same bytes: each server in a process of its own with the
same flags of Node.js, on a PostgreSQL and a Redis of their own.

  --connections N  how many ask at once (64)
  --rounds N       rounds of each route, the servers in turn; the figures are medians (5)
  --seconds N      how long a server is asked in a round (4)
  --flags TEXT     flags of Node.js for the servers (--max-semi-space-size=4)
  --profile DIR    writes CPU profiles of the services there
  --json           the results as JSON instead of Markdown
  --help           this

Aims, without API keys: ${ratioText(0.7)} its throughput and ${ratioText(2)} its p99. Only figures of one run can be compared.`;

const AIMS = { throughput: 0.7, p99: 2 } as const;
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const BARE = fileURLToPath(new URL('http/bare.js', import.meta.url));
const SECRET = 'bench-secret';
/** The limit is counted, and not reached. */
const RATE_LIMIT = '10000000';

interface Cell {
  readonly route: Route;
  readonly bytes: number;
  readonly figures: Figures[];
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      connections: { type: 'string', default: '64' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      flags: { type: 'string', default: '--max-semi-space-size=4' },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const plan: Plan = {
    connections: whole('--connections', values.connections),
    rounds: whole('--rounds', values.rounds),
    seconds: whole('--seconds', values.seconds),
  };
  const flags = values.flags.split(' ').filter((flag) => flag !== '');
  const profile = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const cells = await run(plan, flags, profile);
  if (values.json) return console.log(JSON.stringify(cells, null, 2));
  console.log(
    `${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node.js ${process.version}; ${plan.connections} connections\n`,
  );
  console.log(table(cells));
}

async function run(plan: Plan, flags: readonly string[], profile: readonly string[]): Promise<Cell[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-bench-'));
  const closers: (() => Promise<void> | void)[] = [() => rmSync(scratch, { recursive: true, force: true })];
  try {
    const postgres = await startPostgres();
    closers.push(() => postgres.stop());
    const redis = await startRedis();
    closers.push(() => redis.stop());
    const shared = {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      STOCKROOM_DATA_DIR: scratch,
      STOCKROOM_RATE_LIMIT: RATE_LIMIT,
      PORT: '0',
    };
    const service = [...flags, ...profile, MAIN];
    const open = await startChild([...service, 'start'], shared);
    closers.push(() => open.stop());
    await seed(open.url);
    const hash = createHash('sha256').update(SECRET).digest('hex');
    const keyed = await startChild([...service, 'serve'], {
      ...shared,
      STOCKROOM_API_KEYS: `bench:read:${hash}`,
    });
    closers.push(() => keyed.stop());
    const answers = await answersOf(open.url);
    const file = join(scratch, 'answers.json');
    writeFileSync(
      file,
      JSON.stringify(Object.fromEntries([...answers].map(([path, text]) => [path.split('?')[0], text]))),
    );
    const bare = await startChild([...flags, BARE, file], {});
    closers.push(() => bare.stop());
    const contenders: Contender[] = [
      { name: 'bare Fastify', server: bare, headers: {} },
      { name: 'Stockroom', server: open, headers: {} },
      { name: 'Stockroom, with an API key', server: keyed, headers: { 'x-api-key': SECRET } },
    ];
    const cells: Cell[] = [];
    for (const route of routes) {
      console.error(route.title);
      const figures = await compete(contenders, route.path, plan);
      cells.push({ route, bytes: Buffer.byteLength(answers.get(route.path)!), figures });
    }
    return cells;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function table(cells: readonly Cell[]): string {
  const head =
    '| | bytes | server | requests/s | p50, ms | p99, ms | CPU a request, µs | × its throughput | × its p99 | × its CPU |\n|---|--:|---|--:|--:|--:|--:|--:|--:|--:|';
  const lines = cells.flatMap(({ route, bytes, figures }) =>
    figures.map((one, index) => {
      const base = figures[0]!;
      const ratios =
        index === 0
          ? ['', '', '']
          : [
              ratio(one.perSecond, base.perSecond),
              ratio(one.p99Ms, base.p99Ms),
              ratio(one.cpuUs ?? Number.NaN, base.cpuUs ?? Number.NaN),
            ];
      const shown = [
        Math.round(one.perSecond),
        one.p50Ms.toFixed(1),
        one.p99Ms.toFixed(1),
        one.cpuUs?.toFixed(0) ?? '–',
      ];
      const texts = [one.name, ...shown, ...ratios];
      return `| ${route.title} | ${bytes} | ${texts.join(' | ')} |`;
    }),
  );
  const missed = cells.flatMap(({ route, figures: [base, ours] }) => missedAims(route, base!, ours!));
  const last =
    missed.length === 0 ? 'No aim is missed.' : `Missed:\n\n${missed.map((one) => `- ${one}`).join('\n')}`;
  return `${[head, ...lines].join('\n')}\n\n${last}`;
}

function missedAims({ title }: Route, base: Figures, ours: Figures): string[] {
  const missed = [];
  if (ours.perSecond < AIMS.throughput * base.perSecond) {
    missed.push(
      `${title}: ${ratio(ours.perSecond, base.perSecond)} the throughput, aim ${AIMS.throughput} ×`,
    );
  }
  if (ours.p99Ms > AIMS.p99 * base.p99Ms) {
    missed.push(`${title}: ${ratio(ours.p99Ms, base.p99Ms)} the p99, aim ${AIMS.p99} ×`);
  }
  return missed;
}

function ratio(ours: number, other: number): string {
  return ratioText(ours / other);
}

function ratioText(value: number): string {
  return `${Number(value.toFixed(2))} ×`;
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`${name}: expected a whole number from 1, found ${text}`);
}
