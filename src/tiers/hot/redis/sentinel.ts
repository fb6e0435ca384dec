import type { Endpoint } from '../../../core/config-values.ts';
import { messageOf } from '../../../core/errors.ts';
import { pause, within } from '../../../core/wait.ts';
import { createRedisClient, type RedisClient } from './client.ts';
import type { SessionOptions } from './session.ts';
import { overOneNode } from './standalone.ts';
import type { Topology, TopologyListener } from './topology.ts';

export interface SentinelPlace {
  readonly sentinels: readonly Endpoint[];
  readonly master: string;
}

/** The master that the Sentinels name. When they name another one, the connection to the old one is given up. */
export function openSentinel(
  place: SentinelPlace,
  options: SessionOptions,
  listener: TopologyListener,
): Topology {
  const sentinels = new Sentinels(place, options);
  const closing = new AbortController();
  const topology = overOneNode(
    'sentinel',
    `${place.master} of Sentinel`,
    { ...options, resolve: () => sentinels.master() },
    listener,
  );
  const watching = watch();

  /** A master that was cut off may go on answering us: the Sentinels know better. */
  async function watch(): Promise<void> {
    while (!closing.signal.aborted) {
      await pause(options.settings.topologyMs, closing.signal);
      if (!topology.node.connected || closing.signal.aborted) continue;
      const named = await sentinels.master().catch(() => undefined); // Without Sentinels the master stays as it was.
      if (named === undefined || topology.node.location === `${named.host}:${named.port}`) continue;
      topology.node.reconnect(`the Sentinels name ${named.host}:${named.port} now`);
    }
  }

  return {
    ...topology,
    async close() {
      closing.abort();
      await topology.close();
      await watching;
      sentinels.close();
    },
  };
}

/** Asks one Sentinel after the other, the one that answered last first. */
class Sentinels {
  readonly #place: SentinelPlace;
  readonly #options: SessionOptions;
  #order: Endpoint[];
  #client: RedisClient | undefined;

  constructor(place: SentinelPlace, options: SessionOptions) {
    this.#place = place;
    this.#options = options;
    this.#order = [...place.sentinels];
  }

  async master(): Promise<Endpoint> {
    const reasons: string[] = [];
    for (const sentinel of this.#order) {
      try {
        const master = await this.#ask(sentinel);
        this.#order = [sentinel, ...this.#order.filter((other) => other !== sentinel)];
        return master;
      } catch (error) {
        this.close();
        reasons.push(`${sentinel.host}:${sentinel.port}: ${messageOf(error)}`);
      }
    }
    throw new Error(`no Sentinel names the master ${this.#place.master} (${reasons.join('; ')})`);
  }

  close(): void {
    this.#client?.destroy();
    this.#client = undefined;
  }

  async #ask(sentinel: Endpoint): Promise<Endpoint> {
    const { connectTimeoutMs } = this.#options.settings;
    const answer = await within(this.#question(sentinel), connectTimeoutMs);
    if (answer === undefined) throw new Error(`no answer within ${connectTimeoutMs} ms`);
    if (answer === null) throw new Error('it does not know that name');
    const [host = '', port = ''] = answer;
    return { host, port: Number(port) };
  }

  async #question(sentinel: Endpoint): Promise<string[] | null> {
    const client = this.#client ?? (await this.#connect(sentinel));
    return client.sendCommand<string[] | null>(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#place.master]);
  }

  async #connect(sentinel: Endpoint): Promise<RedisClient> {
    const { name, access, settings } = this.#options;
    const { connectTimeoutMs, queueMax } = settings;
    const options = { name, connectTimeoutMs, queueMax, tracking: false };
    const client = createRedisClient(sentinel, { ...access, db: 0 }, options);
    this.#client = client;
    client.on('error', () => {
      client.destroy();
      if (this.#client === client) this.#client = undefined;
    });
    await client.connect();
    return client;
  }
}
