import { askRedis, ifAnswers, startAll, stopAll, untilNothing } from './redis-commands.ts';
import { type Server, startRedis } from './servers.ts';

/** A master with replicas, and three sentinels that watch them, for one test. */
/** A failover takes a second or two. */
const GIVEN_UP_MS = 8_000;

export interface RedisSentinelSet {
  /** The name by which the sentinels know the master. */
  master: string;
  sentinels: readonly Server[];
  /** The master of the start first. */
  data: readonly Server[];
  /** The environment of a program that is to use it. */
  env: { REDIS_SENTINELS: string; REDIS_SENTINEL_MASTER: string };
  /**
   * Port that every sentinel that answers names as the master now.
   * @throws when they do not agree within 30 s
   */
  masterPort(): Promise<number>;
  /**
   * Has a replica made the master; resolves when the sentinels agree on another master and it says so itself. The old
   * one still takes writes for up to a second: then the sentinels make it a replica.
   * @throws after 30 s, with what is wrong
   */
  failover(): Promise<void>;
  stop(): Promise<void>;
}

const SENTINELS = 3;
/** Two of three must find the master silent. */
const QUORUM = 2;
/** A master that is silent for so long is down. */
const DOWN_AFTER_MS = 1_000;
/** An attempt that fails is made again after twice as long. */
const FAILOVER_TIMEOUT_MS = 3_000;

/** How often sentinels look at their servers, made quicker: ten seconds and two are for servers far away. */
const PERIODS = {
  'info-period': 200,
  'publish-period': 200,
  'min-link-reconnect-period': 1_000,
  // A sentinel that was held up distrusts its clock and does nothing for so long: half a minute by itself.
  'tilt-period': 1_000,
};

const REPLICATION = ['--repl-diskless-sync-delay', '0', '--shutdown-timeout', '0'];

type Facts = Record<string, string>;

function startSentinel(master: string, masterPort: number): Promise<Server> {
  const configuration = [
    `sentinel monitor ${master} 127.0.0.1 ${masterPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${master} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${master} ${FAILOVER_TIMEOUT_MS}`,
    '',
  ].join('\n');
  // A sentinel keeps what it learns in its configuration file.
  return startRedis(['sentinel.conf', '--sentinel'], { files: { 'sentinel.conf': configuration } });
}

/** No configuration file takes the periods. */
async function quicken(sentinels: readonly Server[]): Promise<void> {
  const periods = Object.entries(PERIODS).flatMap(([name, value]) => [name, String(value)]);
  await Promise.all(sentinels.map(({ port }) => askRedis(port, 'SENTINEL', 'DEBUG', ...periods)));
}

/** The ports of the servers that answer. */
async function answering(servers: readonly Server[]): Promise<number[]> {
  const answers = await Promise.all(servers.map(({ port }) => ifAnswers(port, (send) => send('PING'))));
  return servers.flatMap(({ port }, index) => (answers[index] === undefined ? [] : [port]));
}

/** What keeps a sentinel from carrying out a failover with so many replicas and peers, or undefined. */
async function sentinelFault(
  port: number,
  master: string,
  { replicas, peers }: { replicas: number; peers: number },
): Promise<string | undefined> {
  const ask = <T>(subject: string): Promise<T> => askRedis<T>(port, 'SENTINEL', subject, master);
  const { flags } = await ask<Facts>('MASTER');
  if (flags !== 'master') return `as ${port} sees it: the master is ${flags}`;
  // The flags of one that is not there or was not heard of yet say so.
  const linked = (await ask<Facts[]>('REPLICAS')).filter(
    (replica) => replica['flags'] === 'slave' && replica['master-link-status'] === 'ok',
  );
  if (linked.length !== replicas)
    return `as ${port} sees it: ${linked.length} of ${replicas} replicas are ready`;
  const connected = (await ask<Facts[]>('SENTINELS')).filter((peer) => peer['flags'] === 'sentinel');
  return connected.length === peers
    ? undefined
    : `as ${port} sees it: ${connected.length} of ${peers} other sentinels are there`;
}

class StartedSentinels implements RedisSentinelSet {
  readonly master: string;
  readonly sentinels: readonly Server[];
  readonly data: readonly Server[];
  readonly env: RedisSentinelSet['env'];

  constructor(master: string, data: readonly Server[], sentinels: readonly Server[]) {
    this.master = master;
    this.data = data;
    this.sentinels = sentinels;
    const addresses = sentinels.map(({ port }) => `127.0.0.1:${port}`);
    this.env = { REDIS_SENTINELS: addresses.join(','), REDIS_SENTINEL_MASTER: master };
  }

  /**
   * Resolves when the sentinels that answer would make any other server that answers the master: not one that was the
   * master a moment ago and is no replica yet.
   */
  async ready(): Promise<void> {
    await untilNothing(async () => {
      const [sentinels, data] = await Promise.all([answering(this.sentinels), answering(this.data)]);
      if (sentinels.length < QUORUM) return `${sentinels.length} sentinels answer`;
      const counts = { replicas: data.length - 1, peers: sentinels.length - 1 };
      const faults = sentinels.map((port) => sentinelFault(port, this.master, counts));
      return (await Promise.all(faults)).find((fault) => fault !== undefined);
    });
  }

  /** The ports that the sentinels that answer name as the master. */
  async #named(): Promise<Set<number>> {
    const answers = await Promise.all(
      this.sentinels.map(({ port }) =>
        ifAnswers(port, (send) =>
          send<[host: string, port: string]>('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.master),
        ),
      ),
    );
    return new Set(answers.flatMap((address) => (address === undefined ? [] : [Number(address[1])])));
  }

  /** The port that all name, once they do and `fault` finds nothing wrong with it. */
  async #agreed(fault: (port: number) => Promise<string | undefined>): Promise<number> {
    let agreed = NaN;
    await untilNothing(async () => {
      const [port, ...others] = await this.#named();
      if (port === undefined) return 'no sentinel answers';
      if (others.length > 0) return `the sentinels name ${[port, ...others].join(' and ')} as the master`;
      agreed = port;
      return fault(port);
    });
    return agreed;
  }

  masterPort(): Promise<number> {
    return this.#agreed(async () => undefined);
  }

  /** Tells the first sentinel that answers; one that is still busy refuses, and is told again. */
  async #order(): Promise<void> {
    await untilNothing(async () => {
      const [port] = await answering(this.sentinels);
      if (port === undefined) return 'no sentinel answers';
      await askRedis(port, 'SENTINEL', 'FAILOVER', this.master);
      return undefined;
    });
  }

  async failover(): Promise<void> {
    await this.ready();
    const old = await this.masterPort();
    await this.#order();
    let orderedAt = Date.now();
    await this.#agreed(async (port) => {
      if (port === old) {
        // On a busy machine they may give it up half-way, and do not begin again by themselves.
        if (Date.now() - orderedAt > GIVEN_UP_MS) {
          await this.#order();
          orderedAt = Date.now();
        }
        return `${port} is still the master`;
      }
      const [role] = await askRedis<string[]>(port, 'ROLE');
      return role === 'master' ? undefined : `${port} says that it is ${role}`;
    });
  }

  async stop(): Promise<void> {
    // The sentinels first: they would see the others fail.
    await stopAll(this.sentinels);
    await stopAll(this.data);
  }
}

/**
 * Starts a master, its replicas and three sentinels on 127.0.0.1; it resolves when they are ready for a failover. One
 * that nobody ordered (a killed or suspended master) takes a few seconds.
 * @param options `replicas` (1); `args`: more server arguments for the master and the replicas; `master`: its name
 */
export async function startRedisSentinel(
  options: { replicas?: number; args?: readonly string[]; master?: string } = {},
): Promise<RedisSentinelSet> {
  const { replicas = 1, args = [], master = 'main' } = options;
  const first = await startRedis([...REPLICATION, ...args]);
  const started = [first];
  try {
    const { port } = first;
    const replicaOf = ['--replicaof', `127.0.0.1 ${port}`];
    const start = (): Promise<Server> => startRedis([...REPLICATION, ...replicaOf, ...args]);
    started.push(...(await startAll(Array.from({ length: replicas }), start)));
    const sentinels = await startAll(Array.from({ length: SENTINELS }), () => startSentinel(master, port));
    const set = new StartedSentinels(master, [...started], sentinels);
    started.push(...sentinels);
    await quicken(sentinels);
    await set.ready();
    return set;
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}
