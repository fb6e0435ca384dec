import { type ClusterView, faultOf, slotOwner, viewOf } from './redis-cluster-view.ts';
import { askRedis, startAll, stopAll, untilNothing, withRedis } from './redis-commands.ts';
import { type Server, startRedis } from './servers.ts';
import { onFreePort } from './supervised.ts';

/** One server of a cluster, and what it was when the cluster started. */
export interface ClusterNode {
  server: Server;
  role: 'master' | 'replica';
  /** Its name in the cluster, 40 hexadecimal digits. */
  id: string;
}

/** A Redis Cluster for one test. */
export interface RedisCluster {
  /** The masters first, then a replica of each of them in turn. */
  nodes: readonly ClusterNode[];
  endpoints: readonly { host: string; port: number }[];
  /** The environment of a program that is to use it. */
  env: { REDIS_CLUSTER_NODES: string };
  /**
   * Moves one slot with its keys to another master, a few keys at a time, while clients work.
   * @param options `betweenKeys` runs after every few keys; where it throws, the slot stays half moved, and a second
   * call goes on
   */
  moveSlot(slot: number, toPort: number, options?: { betweenKeys?: () => Promise<void> }): Promise<void>;
  /** Port of the master that owns the slot now. */
  ownerOf(slot: number): Promise<number>;
  /**
   * Resolves when every node that answers says that the cluster is whole: all agree about the slots, their owners
   * answer, a node that does not is known to have failed, and every replica is connected to its master.
   * @throws after 30 s, with what is wrong
   */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
/** A node that is silent for so long has failed; a replica takes over about a second later. */
const NODE_TIMEOUT_MS = 1_500;
const KEYS_AT_ONCE = 5;
const MIGRATE_TIMEOUT_MS = 3_000;

const SETTINGS = {
  'cluster-enabled': 'yes',
  'cluster-config-file': 'nodes.conf',
  'cluster-node-timeout': String(NODE_TIMEOUT_MS),
  'cluster-announce-ip': '127.0.0.1',
  // A replica takes over however long its master was silent, and stays with its master when another lost its own.
  'cluster-replica-validity-factor': '0',
  'cluster-allow-replica-migration': 'no',
  'repl-diskless-sync-delay': '0',
  // A master does not wait for replicas that are stopped with it.
  'shutdown-timeout': '0',
};

function startNode(args: readonly string[]): Promise<Server> {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => [`--${name}`, value]);
  // The bus is 10,000 ports above the port by itself, where the system may have none or a stranger's.
  return onFreePort((bus) => startRedis([...settings, '--cluster-port', String(bus), ...args]));
}

async function busPort(port: number): Promise<string> {
  const setting = await askRedis<Record<string, string>>(port, 'CONFIG', 'GET', 'cluster-port');
  return setting['cluster-port'] ?? '';
}

/** Gives every master its share of the slots and makes every node known to every other. */
async function join(nodes: readonly ClusterNode[]): Promise<void> {
  const masters = nodes.filter(({ role }) => role === 'master');
  const buses = await Promise.all(nodes.map(({ server }) => busPort(server.port)));
  const firstSlot = (index: number): number => Math.ceil((index * SLOTS) / masters.length);
  await Promise.all(
    nodes.map(({ server, role }, index) =>
      withRedis(server.port, async (send) => {
        // An epoch for each: where two have the same, the nodes would first have to settle that.
        await send('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
        if (role === 'master') {
          const [first, last] = [firstSlot(index), firstSlot(index + 1) - 1];
          await send('CLUSTER', 'ADDSLOTSRANGE', String(first), String(last));
        }
        // Every node meets every other: gossip would do the rest, but not as quickly.
        for (const [other, node] of nodes.entries()) {
          if (other <= index) continue;
          await send('CLUSTER', 'MEET', '127.0.0.1', String(node.server.port), buses[other] ?? '');
        }
      }),
    ),
  );
}

/** Makes the replicas follow their masters, each as soon as it knows its own. */
async function follow(nodes: readonly ClusterNode[], masters: number): Promise<void> {
  const replicas = nodes.slice(masters);
  await Promise.all(
    replicas.map(async ({ server }, index) => {
      const master = nodes[index % masters]?.id ?? '';
      await untilNothing(async () => {
        await askRedis(server.port, 'CLUSTER', 'REPLICATE', master);
        return undefined;
      });
    }),
  );
}

class StartedCluster implements RedisCluster {
  readonly nodes: readonly ClusterNode[];
  readonly endpoints: RedisCluster['endpoints'];
  readonly env: RedisCluster['env'];

  constructor(nodes: readonly ClusterNode[]) {
    this.nodes = nodes;
    this.endpoints = nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port }));
    this.env = { REDIS_CLUSTER_NODES: this.endpoints.map(({ host, port }) => `${host}:${port}`).join(',') };
  }

  async #views(): Promise<ClusterView[]> {
    const views = await Promise.all(this.nodes.map(({ server }) => viewOf(server.port)));
    return views.filter((view) => view !== undefined);
  }

  async settled(): Promise<void> {
    const ports = this.nodes.map(({ server }) => server.port);
    await untilNothing(async () => faultOf(ports, await this.#views()));
  }

  async ownerOf(slot: number): Promise<number> {
    const owner = slotOwner(slot, await this.#views());
    if (owner === undefined) throw new Error(`no node knows an owner of slot ${slot}`);
    return owner.port;
  }

  #idAt(port: number): string {
    const node = this.nodes.find(({ server }) => server.port === port);
    if (node === undefined) throw new Error(`no node of the cluster has port ${port}`);
    return node.id;
  }

  async moveSlot(
    slot: number,
    toPort: number,
    { betweenKeys }: { betweenKeys?: () => Promise<void> } = {},
  ): Promise<void> {
    const fromPort = await this.ownerOf(slot);
    if (fromPort === toPort) return;
    const [from, to] = [this.#idAt(fromPort), this.#idAt(toPort)];
    const setSlot = (port: number, ...state: string[]): Promise<unknown> =>
      askRedis(port, 'CLUSTER', 'SETSLOT', String(slot), ...state);
    await setSlot(toPort, 'IMPORTING', from);
    await setSlot(fromPort, 'MIGRATING', to);
    while (await moveKeys(slot, fromPort, toPort)) await betweenKeys?.();
    // The new owner first: the old one sends clients there as soon as it knows.
    await setSlot(toPort, 'NODE', to);
    await setSlot(fromPort, 'NODE', to);
    const views = await this.#views();
    const masters = views.flatMap(({ port, master }) => (master ? [port] : []));
    const others = masters.filter((port) => port !== fromPort && port !== toPort);
    await Promise.all(others.map((port) => setSlot(port, 'NODE', to)));
    await untilNothing(async () => {
      const late = (await this.#views()).find((view) => slotOwner(slot, [view])?.port !== toPort);
      return late && `${late.port} does not know yet that slot ${slot} moved to ${toPort}`;
    });
  }

  async stop(): Promise<void> {
    await stopAll(this.nodes.map(({ server }) => server));
  }
}

/** Moves a few keys of a slot; whether there were any. */
async function moveKeys(slot: number, fromPort: number, toPort: number): Promise<boolean> {
  const batch = ['CLUSTER', 'GETKEYSINSLOT', String(slot), String(KEYS_AT_ONCE)];
  const keys = await askRedis<string[]>(fromPort, ...batch);
  if (keys.length === 0) return false;
  const target = ['127.0.0.1', String(toPort), '', '0', String(MIGRATE_TIMEOUT_MS)];
  await askRedis(fromPort, 'MIGRATE', ...target, 'KEYS', ...keys);
  return true;
}

/**
 * Starts a Redis Cluster on 127.0.0.1. It resolves when all slots are covered and every node says so; a master takes
 * two seconds before it does, whatever its settings.
 * @param options `masters` (3); `replicas` of each of them (0); `args`: more server arguments for every node
 */
export async function startRedisCluster(
  options: { masters?: number; replicas?: number; args?: readonly string[] } = {},
): Promise<RedisCluster> {
  const { masters = 3, replicas = 0, args = [] } = options;
  const servers = await startAll(Array.from({ length: masters * (1 + replicas) }), () => startNode(args));
  try {
    const ids = await Promise.all(servers.map(({ port }) => askRedis<string>(port, 'CLUSTER', 'MYID')));
    const nodes = servers.map(
      (server, index): ClusterNode => ({
        server,
        role: index < masters ? 'master' : 'replica',
        id: ids[index] ?? '',
      }),
    );
    await join(nodes);
    await follow(nodes, masters);
    const cluster = new StartedCluster(nodes);
    await cluster.settled();
    return cluster;
  } catch (error) {
    await stopAll(servers);
    throw error;
  }
}
