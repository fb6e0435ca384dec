import { randomBytes } from 'node:crypto';
import type { RedisConfig } from '../../../core/config.ts';
import type { RedisServer } from '../../../core/server-figures.ts';
import { Feeds } from '../feeds.ts';
import type {
  Coherence,
  Feed,
  FeedListener,
  HotInfo,
  HotState,
  HotTier,
  KeyLook,
  LookBounds,
  ScanPage,
} from '../port.ts';
import type { HotSettings } from '../settings.ts';
import { Calls } from './calls.ts';
import { type Access, accessOf, accessOfUrl, type TlsAccess } from './client.ts';
import { Cluster } from './cluster.ts';
import { RedisEntries } from './entries.ts';
import { serversOf } from './figures.ts';
import { infoOf } from './info.ts';
import { lookAt } from './look.ts';
import { scanPage } from './scan.ts';
import { openSentinel } from './sentinel.ts';
import type { SessionOptions } from './session.ts';
import { openStandalone } from './standalone.ts';
import { RedisStates } from './states.ts';
import type { Topology, TopologyListener } from './topology.ts';
import { RedisLeases, RedisQuotas } from './turns.ts';
import { RedisProjections, RedisRankings, RedisSessions, RedisStatistics } from './views.ts';

export interface RedisTierOptions {
  readonly config: RedisConfig;
  readonly prefix: string;
  readonly tracked: readonly string[];
  readonly settings: HotSettings;
  readonly tls: TlsAccess | undefined;
}

export class RedisTier implements HotTier {
  readonly kind = 'redis';
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly entries: RedisEntries;
  readonly projections: RedisProjections;
  readonly rankings: RedisRankings;
  readonly sessions: RedisSessions;
  readonly states: RedisStates;
  readonly leases: RedisLeases;
  readonly quotas: RedisQuotas;
  readonly statistics: RedisStatistics;
  readonly coherence: RedisCoherence;
  readonly #topology: Topology;
  readonly #calls: Calls;

  constructor({ config, prefix, tracked, settings, tls }: RedisTierOptions) {
    this.prefix = prefix;
    this.timeoutMs = settings.timeoutMs;
    const sender = randomBytes(6).toString('hex');
    const channel = `${prefix}invalidate`;
    const feeds = new Feeds();
    this.coherence = new RedisCoherence(feeds, settings);
    const options = {
      settings,
      setting: settingOf[config.kind],
      name: `stockroom-${process.pid}`,
      tracked,
      channel,
      sender,
      fences: new Map(),
    };
    this.#topology = openTopology(config, tls, options, this.coherence);
    this.coherence.watch(this.#topology);
    this.#calls = new Calls(this.#topology, prefix);
    const announce = (keys: readonly string[]): Promise<void> | undefined => {
      if (this.coherence.mode === 'tracking' || keys.length === 0) return undefined;
      // The channel's own slot decides where it is sent; Cluster passes it on to every server.
      // Escaped parts of keys may have spaces, and no control characters.
      const message = [sender, ...keys].join('\n');
      return this.#calls.send(channel, ['PUBLISH', channel, message]).then(() => undefined);
    };
    this.entries = new RedisEntries({ calls: this.#calls, feeds, announce });
    this.projections = new RedisProjections(this.#calls);
    this.rankings = new RedisRankings(this.#calls);
    this.sessions = new RedisSessions(this.#calls);
    this.states = new RedisStates(this.#calls);
    this.leases = new RedisLeases(this.#calls);
    this.quotas = new RedisQuotas(this.#calls);
    this.statistics = new RedisStatistics(this.#calls);
  }

  get topology(): 'standalone' | 'cluster' | 'sentinel' {
    return this.#topology.kind;
  }

  get location(): string {
    return this.#topology.location;
  }

  /** Resolves when it is connected, or has failed to be: a Redis that is away is no reason not to start. */
  async settled(ms: number): Promise<void> {
    await this.#topology.settled(ms);
  }

  scan(prefix: string, cursor?: string): Promise<ScanPage> {
    return scanPage(this.#topology.nodes, prefix, cursor);
  }

  look(key: string, bounds: LookBounds): Promise<KeyLook | undefined> {
    return lookAt(this.#calls, key, bounds);
  }

  async ping(): Promise<{ latencyMs: number; version: string }> {
    const nodes = await this.#reachable();
    const start = performance.now();
    await Promise.all(nodes.map((node) => node.send(['PING'])));
    return { latencyMs: performance.now() - start, version: nodes[0]!.version };
  }

  async info(): Promise<HotInfo> {
    const nodes = await this.#reachable();
    return infoOf(await Promise.all(nodes.map((node) => node.send<string>(['INFO']))));
  }

  servers(): Promise<readonly RedisServer[]> {
    return serversOf(this.#topology.nodes);
  }

  state(): HotState {
    const nodes = this.#topology.nodes.map(({ location, connected, breaker }) => ({
      location,
      connected,
      breaker: breaker.state,
    }));
    const up = nodes.length > 0 && nodes.every(({ connected, breaker }) => connected && breaker === 'closed');
    const broken = nodes.find(({ breaker }) => breaker !== 'closed');
    return { state: up ? 'up' : 'down', breaker: broken?.breaker ?? 'closed', nodes };
  }

  async close(): Promise<void> {
    await this.#topology.close();
  }

  /** @throws StockroomError HOT_UNAVAILABLE */
  async #reachable(): Promise<Topology['nodes']> {
    // In a Cluster of which nothing is known yet, this says why.
    if (this.#topology.nodes.length === 0) this.#topology.nodeOf(this.prefix);
    return this.#topology.nodes;
  }
}

const settingOf = {
  url: 'REDIS_URL',
  host: 'REDIS_HOST',
  cluster: 'REDIS_CLUSTER_NODES',
  sentinel: 'REDIS_SENTINELS',
} as const satisfies Record<RedisConfig['kind'], string>;

function openTopology(
  config: RedisConfig,
  tls: TlsAccess | undefined,
  options: Omit<SessionOptions, 'access'>,
  listener: TopologyListener,
): Topology {
  if (config.kind === 'url') {
    const { endpoint, access } = accessOfUrl(config.url, tls);
    return openStandalone(endpoint, { ...options, access }, listener);
  }
  const access: Access = accessOf(config, tls);
  if (config.kind === 'host') return openStandalone(config, { ...options, access }, listener);
  if (config.kind === 'sentinel') return openSentinel(config, { ...options, access }, listener);
  return new Cluster(config.nodes, { ...options, access }, listener);
}

/** The streams of invalidations of all servers as one: it is as trustworthy as the worst of them. */
class RedisCoherence implements Coherence, TopologyListener {
  readonly heartbeatMs: number;
  readonly #feeds: Feeds;
  #topology: Topology | undefined;
  trustedUntil = 0;
  mode: 'tracking' | 'messages';
  readonly #always: boolean;

  constructor(feeds: Feeds, { heartbeatMs, invalidation }: HotSettings) {
    this.#feeds = feeds;
    this.heartbeatMs = heartbeatMs;
    this.#always = invalidation === 'messages';
    this.mode = this.#always ? 'messages' : 'tracking';
  }

  watch(topology: Topology): void {
    this.#topology = topology;
    this.changed(false);
  }

  subscribe(listener: FeedListener): Feed {
    return this.#feeds.subscribe(listener);
  }

  invalidated(key: string | null): void {
    if (key === null) this.#feeds.gap();
    else this.#feeds.invalidated(key);
  }

  changed(moved: boolean): void {
    const nodes = this.#topology?.streams ?? [];
    let until = nodes.length === 0 ? 0 : Infinity;
    for (const node of nodes) until = Math.min(until, node.trustedUntil);
    // Both when the stream is lost and when it is back: what was read in between was not watched.
    const cut = (until === 0) !== (this.trustedUntil === 0);
    this.trustedUntil = until;
    const messages = this.#always || nodes.some(({ invalidation }) => invalidation === 'messages');
    this.mode = messages ? 'messages' : 'tracking';
    if (cut || moved) this.#feeds.gap();
  }
}
