import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client as Database } from 'pg';
import { hotStateDefaults } from '../../src/tiers/state/settings.ts';
import { untilNothing } from '../support/redis-commands.ts';
import { Client } from './client.ts';
import { Faults } from './faults.ts';
import { Findings } from './findings.ts';
import { createLoad, type Load } from './load.ts';
import { heapOf, type Sample, sampleOf } from './memory.ts';
import { openStage, type Stage } from './stage.ts';
import { Statistics } from './statistics.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SAMPLE_MS = 1_000;
const HEAP_MS = 3_000;
/** Of an interval, before its fault. */
const BEFORE_FAULT = 0.2;
const VERIFY_TIMEOUT_MS = 600_000;

export interface SoakOptions {
  readonly intervals: number;
  readonly intervalMs: number;
  readonly writers: number;
  readonly readers: number;
}

/** One process of a service, from its start to its end. */
export interface Life {
  readonly name: string;
  readonly samples: Sample[];
}

export interface Soaked {
  readonly statistics: Statistics;
  readonly findings: Findings;
  readonly lives: readonly Life[];
  /** Writes while there were faults. */
  readonly acknowledged: number;
  /** The end of what the services logged. */
  readonly logs: readonly string[];
  /** What `hot verify` said. */
  readonly verified: { readonly exit: number; readonly keys: number; readonly out: string };
}

/** Keys that the load writes all the time. */
const hotKeys = Array.from({ length: 8 }, (_, writer) => [
  `stockroom:picks:latest:soak${writer}:Swing`,
  `stockroom:state:session-value:soak-${writer}/1/W${writer}K0`,
  `stockroom:scores:global:W${writer}K1`,
]).flat();

/** Lets the load run with a fault an interval, and reads everything back when it is quiet again. */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const stage = await openStage();
  const { postgres, cluster, services } = stage;
  const faults = new Faults({
    postgres,
    cluster,
    service: services[0],
    keys: hotKeys,
    intervalMs: options.intervalMs,
  });
  const statistics = new Statistics();
  const findings = new Findings(statistics);
  const watch = new Watch(stage, statistics);
  try {
    const ports = services.map(({ port }) => port);
    const load = createLoad({ ...options, ports, statistics, findings });
    await underFaults(load, faults, statistics, options);
    watch.stop();
    for (const { failure } of services) if (failure !== undefined) throw new Error(failure);
    await quiet(stage, statistics);
    const acknowledged = statistics.intervals.reduce((sum, interval) => sum + interval.acknowledged, 0);
    await readBack(stage, load, statistics);
    const verified = await verify(stage);
    const logs = services.map(({ log }) => log);
    return { statistics, findings, lives: watch.lives, acknowledged, verified, logs };
  } finally {
    watch.stop();
    await faults.stop();
    await stage.stop();
  }
}

async function underFaults(
  load: Load,
  faults: Faults,
  statistics: Statistics,
  { intervals, intervalMs }: SoakOptions,
): Promise<void> {
  const ending = new AbortController();
  statistics.begin();
  const loaded = load.run(ending.signal);
  const failed = loaded.then(() => undefined);
  const disturbing = async (): Promise<void> => {
    const overAt = performance.now() + intervals * intervalMs;
    for (let index = 0; index < intervals && !ending.signal.aborted; index += 1) {
      // Where the way back from a fault took longer than its interval there are fewer of them, of each kind one at least.
      if (index >= faults.all.length && performance.now() >= overAt) break;
      const endAt = performance.now() + intervalMs;
      if (index > 0) statistics.begin();
      await delay(intervalMs * BEFORE_FAULT);
      const fault = faults.all[index % faults.all.length]!;
      const interval = statistics.now;
      interval.fault = fault.name;
      const faultAt = performance.now();
      await fault.happen();
      interval.faultMs = performance.now() - faultAt;
      await delay(Math.max(0, endAt - performance.now()));
    }
  };
  try {
    await Promise.race([disturbing(), failed]);
  } finally {
    ending.abort();
  }
  await loaded;
}

/** Takes the memory of the services every second, and looks at their heaps now and then. */
class Watch {
  readonly lives: Life[] = [];
  readonly #timers: NodeJS.Timeout[];

  constructor({ services }: Stage, statistics: Statistics) {
    const current = services.map(() => ({ life: 0, samples: [] as Sample[] }));
    const heaps: (number | undefined)[] = [];
    const look = async (index: number): Promise<void> => {
      const { port, pid } = services[index]!;
      const heapMb = await heapOf(port);
      if (services[index]!.pid === pid) heaps[index] = heapMb;
    };
    const looks = setInterval(() => services.forEach((_, index) => void look(index)), HEAP_MS);
    const samples = setInterval(() => {
      for (const [index, service] of services.entries()) {
        const found = service.pid === undefined ? undefined : sampleOf(service.pid);
        const sample = found && { ...found, heapMb: heaps[index] };
        heaps[index] = undefined;
        if (sample === undefined) continue;
        const last = current[index]!;
        if (last.life !== service.lives) {
          current[index] = { life: service.lives, samples: [] };
          this.lives.push({ name: `${'AB'[index]}, life ${service.lives}`, samples: current[index].samples });
        }
        current[index]!.samples.push(sample);
        const interval = statistics.intervals.at(-1);
        if (interval !== undefined) interval.rssMb[index] = sample.rssMb;
      }
    }, SAMPLE_MS);
    this.#timers = [looks, samples];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

/** Resolves when nothing is on its way any more: every key in Redis is settled, every state is in PostgreSQL. */
async function quiet({ postgres, services }: Stage, statistics: Statistics): Promise<void> {
  // What a killed process had in Redis alone is carried on by whoever reads it after this time.
  await delay(hotStateDefaults.unconfirmedMs);
  await withDatabase(postgres.url, (database) =>
    untilNothing(async () => {
      const { rows } = await database.query<{ n: string }>('select count(*) as n from view_intents');
      return rows[0]!.n === '0' ? undefined : `${rows[0]!.n} writes are not settled in Redis`;
    }),
  );
  await allFlushed(services, statistics);
}

async function allFlushed(services: Stage['services'], statistics: Statistics): Promise<void> {
  for (const { port } of services) {
    const client = new Client([port], statistics, 0);
    await flushed(client);
    client.close();
  }
}

/** Resolves when PostgreSQL has every state that the service has in Redis alone. */
export async function flushed(client: Client): Promise<void> {
  await untilNothing(async () => {
    const { body } = await client.insist({ method: 'GET', path: '/v1/memory/stats' });
    const { queued } = body['state'] as { queued: number };
    return queued === 0 ? undefined : `${queued} states are not in PostgreSQL`;
  });
}

async function readBack({ postgres, services }: Stage, load: Load, statistics: Statistics): Promise<void> {
  for (const { port } of services) {
    const client = new Client([port], statistics, 0);
    for (const kind of load.kinds) await kind.readBack(client);
    client.close();
  }
  await allFlushed(services, statistics);
  await withDatabase(postgres.url, async (database) => {
    for (const kind of load.kinds) await kind.inPostgres(database);
  });
}

async function withDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = new Database({ connectionString: url, options: '-c search_path=stockroom' });
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}

function verify({ env }: Stage): Promise<Soaked['verified']> {
  const options = {
    env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'warn', ...env },
    timeout: VERIFY_TIMEOUT_MS,
    maxBuffer: 64 * 2 ** 20,
  };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, 'hot', 'verify', '--json'], options, (_, out, err) => {
      const exit = child.exitCode ?? -1;
      const keys =
        exit === 0 || exit === 4
          ? (JSON.parse(out) as { views: { keys: number }[] }).views.reduce((sum, view) => sum + view.keys, 0)
          : 0;
      resolve({ exit, keys, out: exit === 0 ? '' : (out + err).slice(0, 5_000) });
    });
  });
}
