import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { histories } from './scale/histories.ts';
import { measureSize, type Line, type Times } from './scale/measure.ts';
import { startServers } from './scale/open.ts';
import { markdown } from './scale/report.ts';

const ids = histories.map(({ id }) => id);

const help = `How each history costs as it grows, on a PostgreSQL and a Redis of their own. One history at a time stands there.

  --sizes LIST    how many rows, or candles (10000,100000,1000000); 10000000 takes half an hour and 20 GB
  --only LIST     these histories alone: ${ids.join(', ')}
  --seconds N     how long appends are timed, and each read half as long (2)
  --callers N     how many append at once (64)
  --out FILE      results are added to this file, one JSON document a line, each as soon as it is there
  --report FILE   no run: the tables out of such a file
  --help          this

The tables go to stdout, progress to stderr.`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      sizes: { type: 'string', default: '10000,100000,1000000' },
      only: { type: 'string' },
      seconds: { type: 'string', default: '2' },
      callers: { type: 'string', default: '64' },
      out: { type: 'string' },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  if (values.report !== undefined) return console.log(markdown(linesOf(values.report)));
  const wanted = new Set(values.only?.split(',') ?? ids);
  for (const id of wanted)
    if (!ids.includes(id)) throw new Error(`--only: no history ${id} (${ids.join(', ')})`);
  const sizes = values.sizes.split(',').map((text) => whole('--sizes', text));
  const ms = whole('--seconds', values.seconds) * 1_000;
  const times: Times = { appendMs: ms, readMs: ms / 2, callers: whole('--callers', values.callers) };
  console.error(`${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node.js ${process.version}`);
  console.log(markdown(await run(wanted, sizes, times, values.out)));
}

async function run(
  wanted: ReadonlySet<string>,
  sizes: readonly number[],
  times: Times,
  out: string | undefined,
): Promise<Line[]> {
  if (out !== undefined) mkdirSync(dirname(out), { recursive: true });
  const servers = await startServers();
  const lines: Line[] = [];
  try {
    for (const history of histories.filter(({ id }) => wanted.has(id))) {
      for (const size of sizes) {
        const rows = Math.floor(size / (history.unit?.perRow ?? 1));
        if (rows > (history.most ?? Number.POSITIVE_INFINITY)) continue;
        console.error(`${history.id}: ${size}`);
        const line = await measureSize(servers, history, rows, times);
        lines.push(line);
        if (out !== undefined) appendFileSync(out, `${JSON.stringify(line)}\n`);
      }
    }
    return lines;
  } finally {
    await servers.stop();
  }
}

function linesOf(file: string): Line[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`${name}: expected a whole number from 1, found ${text}`);
}
