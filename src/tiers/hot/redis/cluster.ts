import type { Endpoint } from '../../../core/config-values.ts';
import { pause, within } from '../../../core/wait.ts';
import { createRedisClient } from './client.ts';
import { RedisNode, type Reply } from './node.ts';
import { type Absence, unavailable, unconnected } from './replies.ts';
import type { SessionOptions } from './session.ts';
import { SLOTS, slotOf } from './slots.ts';
import type { Topology, TopologyListener } from './topology.ts';

/** More redirections of one call mean that the servers disagree. */
const REDIRECTIONS_MAX = 8;
/** Between two looks at the topology that redirections ask for. */
const REFRESH_PAUSE_MS = 50;
/** A server that redirections led to is kept for so long after the last one, though no slot is known to be its own. */
const REDIRECTED_KEPT_MS = 10_000;
/** A call that needs keys which are on the move is sent again after so long. */
const TRY_AGAIN_MS = 20;

/** `CLUSTER SLOTS`: first slot, last slot, master, replicas; a server is host, port, id. */
type SlotRange = [number, number, [string | null, number, ...unknown[]], ...unknown[]];

/**
 * A Redis Cluster: one plain connection a master, since the stream of invalidations has to be armed on each before anything
 * is read from it, and after each reconnection again.
 */
export class Cluster implements Topology {
  readonly kind = 'cluster';
  readonly location: string;
  readonly #seeds: readonly Endpoint[];
  readonly #options: SessionOptions;
  readonly #listener: TopologyListener;
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>;
  readonly #hops = new WeakMap<readonly string[], number>();
  /** All that we are connected to, by address; `#masters` are those that have slots. */
  #byAddress = new Map<string, RedisNode>();
  #masters: readonly RedisNode[] = [];
  /** When a redirection last led there, of `performance.now()`. */
  readonly #redirectedAt = new WeakMap<RedisNode, number>();
  #slots: readonly (RedisNode | undefined)[] = [];
  #owners = '';
  #refreshing: Promise<void> | undefined;
  #failure: Absence = { why: 'no server of the Cluster has answered yet' };

  constructor(seeds: readonly Endpoint[], options: SessionOptions, listener: TopologyListener) {
    this.#seeds = seeds;
    this.#options = options;
    this.#listener = listener;
    this.location = `Cluster of ${seeds.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
    this.#watching = this.#watch();
  }

  get nodes(): readonly RedisNode[] {
    return this.#masters;
  }

  get streams(): readonly RedisNode[] {
    return [...this.#byAddress.values()];
  }

  nodeOf(key: string): RedisNode {
    const node = this.#slots[slotOf(key)];
    if (node === undefined) throw unavailable(this.location, this.#failure);
    return node;
  }

  async settled(ms: number): Promise<void> {
    await within(this.#refresh(), ms);
    await Promise.all(this.#masters.map((node) => node.connectedWithin(ms)));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watching;
    await this.#refreshing;
    await Promise.all([...this.#byAddress.values()].map((node) => node.close()));
  }

  async #watch(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#refresh();
      const broken = this.#masters.length === 0 || this.#masters.some((node) => !node.connected);
      await pause(this.#options.settings.topologyMs / (broken ? 4 : 1), this.#closing.signal);
    }
  }

  /** Looks at the topology again; calls meanwhile share the look. Never rejects. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#look()
      .then(() => pause(REFRESH_PAUSE_MS, this.#closing.signal))
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }

  async #look(): Promise<void> {
    const failures: Absence[] = [];
    for (const ask of this.#questions()) {
      try {
        const { host, ranges } = await ask();
        if (!this.#closing.signal.aborted) this.#take(ranges, host);
        return;
      } catch (error) {
        failures.push(unconnected(error, this.#options.setting));
      }
    }
    this.#failure = { ...failures.at(-1), why: failures.map(({ why }) => why).join('; ') };
  }

  /** Those that are connected first, in changing order, then the servers of the configuration. */
  *#questions(): Generator<() => Promise<{ host: string; ranges: SlotRange[] }>> {
    const connected = this.#masters.filter((node) => node.connected);
    const first = Math.floor(Math.random() * connected.length);
    for (const node of [...connected.slice(first), ...connected.slice(0, first)]) {
      yield async () => ({
        host: node.location.slice(0, node.location.lastIndexOf(':')),
        ranges: await node.send<SlotRange[]>(['CLUSTER', 'SLOTS']),
      });
    }
    for (const seed of this.#seeds) yield () => this.#askSeed(seed);
  }

  async #askSeed(seed: Endpoint): Promise<{ host: string; ranges: SlotRange[] }> {
    const { name, access, settings } = this.#options;
    const { connectTimeoutMs, queueMax } = settings;
    const client = createRedisClient(seed, access, { name, connectTimeoutMs, queueMax, tracking: false });
    client.on('error', () => undefined); // It rejects `connect` or the command as well.
    try {
      const question = client.connect().then(() => client.sendCommand<SlotRange[]>(['CLUSTER', 'SLOTS']));
      const ranges = await within(question, connectTimeoutMs);
      if (ranges === undefined) throw new Error(`${seed.host}:${seed.port} does not answer`);
      return { host: seed.host, ranges };
    } finally {
      client.destroy();
    }
  }

  #take(ranges: SlotRange[], askedHost: string): void {
    const slots: (RedisNode | undefined)[] = Array.from({ length: SLOTS });
    const masters = new Set<RedisNode>();
    const owners: string[] = [];
    for (const [from, to, [host, port]] of ranges) {
      const endpoint = { host: host === null || host === '' ? askedHost : host, port };
      const node = this.#node(endpoint);
      masters.add(node);
      slots.fill(node, from, to + 1);
      owners.push(`${from}-${to}=${endpoint.host}:${endpoint.port}`);
    }
    const gone = [...this.#byAddress].filter(([, node]) => !masters.has(node) && !this.#isRedirectedTo(node));
    this.#slots = slots;
    this.#masters = [...masters];
    for (const [address, node] of gone) {
      this.#byAddress.delete(address);
      void node.close();
    }
    const now = owners.sort().join(' ');
    const moved = this.#owners !== '' && this.#owners !== now;
    this.#owners = now;
    this.#failure = { why: 'no server has the slot' };
    // What was read from a server that is gone is watched by nobody.
    this.#listener.changed(moved || gone.length > 0);
  }

  /** A slot that moves has keys on its new server before any list of slots names that. */
  #isRedirectedTo(node: RedisNode): boolean {
    return node.connected && performance.now() < (this.#redirectedAt.get(node) ?? 0) + REDIRECTED_KEPT_MS;
  }

  #node(endpoint: Endpoint): RedisNode {
    const address = `${endpoint.host}:${endpoint.port}`;
    const known = this.#byAddress.get(address);
    if (known !== undefined) return known;
    const node = new RedisNode({
      ...this.#options,
      location: address,
      resolve: () => Promise.resolve(endpoint),
      redirect: (args, code, rest) => this.#redirect(node, args, code, rest),
      listener: {
        invalidated: (key) => this.#listener.invalidated(key),
        changed: () => this.#listener.changed(false),
      },
    });
    this.#byAddress.set(address, node);
    this.#listener.changed(false);
    return node;
  }

  #redirect(
    from: RedisNode,
    args: readonly string[],
    code: string,
    rest: string,
  ): Promise<Reply> | undefined {
    if (code !== 'MOVED' && code !== 'ASK' && code !== 'TRYAGAIN') {
      if (code === 'CLUSTERDOWN') void this.#refresh();
      return undefined;
    }
    const hops = (this.#hops.get(args) ?? 0) + 1;
    this.#hops.set(args, hops);
    if (hops > REDIRECTIONS_MAX) return undefined;
    if (code === 'TRYAGAIN') return pause(TRY_AGAIN_MS).then(() => from.send(args));
    if (code === 'MOVED') void this.#refresh();
    return this.#follow(from, args, code, rest);
  }

  async #follow(from: RedisNode, args: readonly string[], code: string, rest: string): Promise<Reply> {
    const address = rest.slice(rest.indexOf(' ') + 1);
    const at = address.lastIndexOf(':');
    const host = address.slice(0, at) || from.location.slice(0, from.location.lastIndexOf(':'));
    const target = this.#node({ host, port: Number(address.slice(at + 1)) });
    this.#redirectedAt.set(target, performance.now());
    await target.connectedWithin(this.#options.settings.timeoutMs);
    return code === 'ASK' ? target.sendChain([['ASKING'], args]) : target.send(args);
  }
}
