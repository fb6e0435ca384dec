import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { LastingPostgres } from '../support/lasting-postgres.ts';
import { askRedis, ifAnswers, untilNothing } from '../support/redis-commands.ts';
import type { RedisCluster } from '../support/redis-cluster.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { kill, pause, resume } from '../support/signals.ts';
import type { Service } from './service.ts';

export interface Fault {
  readonly name: string;
  /** Resolves when what was broken is whole again. */
  happen(): Promise<void>;
}

export interface Victims {
  readonly postgres: LastingPostgres;
  readonly cluster: RedisCluster;
  /** The one that is killed; the other lives as long as the soak. */
  readonly service: Service;
  /** Keys that are written all the time: their slots are the ones that move. */
  readonly keys: readonly string[];
  /** The time from one fault to the next: those that take long need it. */
  readonly intervalMs: number;
}

/** How long a Redis is suspended: longer than the others wait before they take it for dead. */
const SUSPENDED_MS = 3_000;
/** How long PostgreSQL is: longer than the services wait for a word of it (15 s) and for an answer to a question (10 s). */
export const FROZEN_MS = 32_000;
/** Between two looks at the cluster: a look makes connections, in the process that measures how long answers take. */
const LOOK_MS = 500;
/** The nodes have the machine for themselves as little as the services do. */
const PATIENCE_MS = 90_000;
const SLOTS_MOVED = 4;
/** What a node has to be told again when it comes back. */
const settingNames = [
  'cluster-enabled',
  'cluster-config-file',
  'cluster-node-timeout',
  'cluster-announce-ip',
  'cluster-port',
  'cluster-replica-validity-factor',
  'cluster-allow-replica-migration',
  'repl-diskless-sync-delay',
  'shutdown-timeout',
];

/** Faults on the servers and one of the services, and the way back from each. */
export class Faults {
  readonly all: Fault[];
  readonly #victims: Victims;
  /** The processes that stand in the places of the nodes now. */
  readonly #servers = new Map<number, Server>();
  #turn = 0;

  constructor(victims: Victims) {
    this.#victims = victims;
    for (const { server } of victims.cluster.nodes) this.#servers.set(server.port, server);
    this.all = [
      { name: 'a Redis master killed', happen: () => this.#killMaster() },
      { name: 'PostgreSQL restarted', happen: () => this.#restartPostgres('SIGINT') },
      { name: 'a service killed', happen: () => this.#killService() },
      { name: 'slots moved', happen: () => this.#moveSlots() },
      { name: 'a Redis master suspended', happen: () => this.#suspendMaster() },
      { name: 'PostgreSQL crashed', happen: () => this.#restartPostgres('SIGQUIT') },
    ];
    if (victims.intervalMs > FROZEN_MS)
      this.all.push({ name: 'PostgreSQL suspended', happen: () => this.#suspendPostgres() });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
  }

  /** The master of one key after the other, so that what is hit is in use. */
  async #masterInUse(): Promise<Server> {
    const key = this.#victims.keys[this.#turn++ % this.#victims.keys.length]!;
    return this.#servers.get(await this.#ownerOf(await this.#slotOf(key)))!;
  }

  /** A busy node may not answer at once. */
  async #ownerOf(slot: number): Promise<number> {
    let owner = 0;
    await untilNothing(async () => {
      owner = await this.#victims.cluster.ownerOf(slot);
      return undefined;
    });
    return owner;
  }

  async #settled(): Promise<void> {
    const { cluster } = this.#victims;
    await patiently(() => this.#unsettled());
    await cluster.settled().catch(() => cluster.settled());
  }

  /** What one node says is wrong with the cluster: cheaper than to ask all of them what all of them think. */
  async #unsettled(): Promise<string | undefined> {
    const { port } = this.#victims.cluster.endpoints[this.#turn % this.#victims.cluster.endpoints.length]!;
    const view = await ifAnswers(port, (send) => send<string>('CLUSTER', 'NODES'));
    if (view === undefined) return `${port} does not answer`;
    return view.split('\n').find((line) => /fail|handshake|disconnected/.test(line));
  }

  async #slotOf(key: string): Promise<number> {
    const { port } = this.#victims.cluster.endpoints[0]!;
    return Number(await askRedis(port, 'CLUSTER', 'KEYSLOT', key));
  }

  async #killMaster(): Promise<void> {
    const server = await this.#masterInUse();
    const settings = await askRedis<Record<string, string>>(server.port, 'CONFIG', 'GET', ...settingNames);
    const nodes = readFileSync(join(server.directory, 'nodes.conf'), 'utf8');
    await kill(server);
    await this.#promoted(server.port);
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const back = await startRedis(args, { port: server.port, files: { 'nodes.conf': nodes } });
    this.#servers.set(server.port, back);
    await this.#settled();
  }

  async #suspendMaster(): Promise<void> {
    const server = await this.#masterInUse();
    pause(server);
    await delay(SUSPENDED_MS);
    await this.#promoted(server.port);
    resume(server);
    await this.#settled();
  }

  /** Resolves when no node that answers says that the one at the port has slots. */
  async #promoted(port: number): Promise<void> {
    const { endpoints } = this.#victims.cluster;
    await patiently(async () => {
      const views = await Promise.all(
        endpoints.map((endpoint) => ifAnswers(endpoint.port, (send) => send<string>('CLUSTER', 'NODES'))),
      );
      const lines = views.flatMap((view) => view?.trim().split('\n') ?? []);
      const owns = lines.find((line) => line.includes(`:${port}@`) && line.split(' ').length > 8);
      return owns && `nobody took over: ${owns}`;
    });
  }

  async #moveSlots(): Promise<void> {
    const { cluster, keys } = this.#victims;
    const masters = await this.#masters();
    for (let turn = 0; turn < SLOTS_MOVED; turn += 1) {
      const slot = await this.#slotOf(keys[this.#turn++ % keys.length]!);
      const home = await this.#ownerOf(slot);
      await cluster.moveSlot(slot, masters.find((port) => port !== home)!);
    }
    await this.#settled();
  }

  async #masters(): Promise<number[]> {
    const { port } = this.#victims.cluster.endpoints[0]!;
    const ranges = await askRedis<[number, number, [string, number]][]>(port, 'CLUSTER', 'SLOTS');
    return [...new Set(ranges.map(([, , [, master]]) => master))];
  }

  async #killService(): Promise<void> {
    await this.#victims.service.end('SIGKILL');
    await this.#victims.service.start('serve');
  }

  async #suspendPostgres(): Promise<void> {
    const { postgres } = this.#victims;
    postgres.suspend();
    try {
      await delay(FROZEN_MS);
    } finally {
      postgres.resume();
    }
  }

  /** @param signal SIGINT: connections are cut and all is written; SIGQUIT: it ends as in a crash, and recovers */
  async #restartPostgres(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const { postgres } = this.#victims;
    if (signal === 'SIGINT') {
      const pid = await postmasterOf(postgres.url);
      process.kill(pid, signal);
      await untilNothing(() => Promise.resolve(isThere(pid) ? 'PostgreSQL still runs' : undefined));
    } else await postgres.stop();
    await postgres.start();
  }
}

/** @throws after a minute and a half, with what was still wrong */
async function patiently(wrong: () => Promise<string | undefined>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let last = await wrong(); last !== undefined; last = await wrong()) {
    if (performance.now() > deadline) throw new Error(`after ${PATIENCE_MS} ms: ${last}`);
    await delay(LOOK_MS);
  }
}

async function postmasterOf(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: string }>(
      "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1) as pid",
    );
    return Number(rows[0]!.pid);
  } finally {
    await client.end();
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: gone. Nothing else is possible for a process that was there with this user's rights.
    return false;
  }
}
