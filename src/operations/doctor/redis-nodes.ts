import type { RedisConfig } from '../../core/config.ts';
import { messageOf } from '../../core/errors.ts';
import { within } from '../../core/wait.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import { type Access, accessOf, accessOfUrl, createRedisClient } from '../../tiers/hot/redis/client.ts';

/** What one server says of itself. */
export interface RedisNodeFacts {
  readonly location: string;
  /** The lines of `INFO`. */
  readonly info: Readonly<Record<string, string>>;
  /** Whether it makes snapshots by itself; a user may not be allowed to know. */
  readonly snapshots: 'on' | 'off' | 'unknown';
  /** Its clock less ours, halfway through the question. */
  readonly clockMs: number;
  /** Half of the round trip: the clock is not known better than that. */
  readonly uncertainMs: number;
}

const TIMEOUT_MS = 5_000;

/**
 * Asks each server that holds keys, over a connection of its own: the tier gives sums over all of them, and here it is one that may be
 * wrong.
 */
export async function askNodes(
  config: RedisConfig,
  hot: HotTier,
  now: () => number,
): Promise<{ nodes: RedisNodeFacts[]; failures: string[] }> {
  const access: Access =
    config.kind === 'url' ? accessOfUrl(config.url, undefined).access : accessOf(config, undefined);
  const asked = await Promise.all(
    hot.state().nodes.map(async ({ location }) => {
      try {
        return { node: await ask(location, access, now) };
      } catch (error) {
        return { failure: `${location}: ${messageOf(error)}` };
      }
    }),
  );
  return {
    nodes: asked.flatMap(({ node }) => node ?? []),
    failures: asked.flatMap(({ failure }) => failure ?? []),
  };
}

async function ask(location: string, access: Access, now: () => number): Promise<RedisNodeFacts> {
  const colon = location.lastIndexOf(':');
  const endpoint = { host: location.slice(0, colon), port: Number(location.slice(colon + 1)) };
  const client = createRedisClient(endpoint, access, {
    name: 'stockroom-doctor',
    connectTimeoutMs: TIMEOUT_MS,
    queueMax: 10,
    tracking: false,
  });
  // Whatever it is, the command that waits rejects with it.
  client.on('error', () => undefined);
  try {
    const facts = await within(
      (async () => {
        await client.connect();
        const info = (await client.sendCommand(['INFO', 'everything'])) as unknown as string;
        const before = now();
        const [seconds, micros] = (await client.sendCommand(['TIME'])) as unknown as [string, string];
        const after = now();
        const theirs = Number(seconds) * 1_000 + Number(micros) / 1_000;
        return {
          location,
          info: linesOf(info),
          snapshots: await snapshotsOf(client),
          clockMs: theirs - (before + after) / 2,
          uncertainMs: (after - before) / 2,
        };
      })(),
      TIMEOUT_MS,
    );
    if (facts === undefined) throw new Error(`no answer within ${TIMEOUT_MS} ms`);
    return facts;
  } finally {
    client.destroy();
  }
}

async function snapshotsOf(
  client: ReturnType<typeof createRedisClient>,
): Promise<RedisNodeFacts['snapshots']> {
  try {
    const reply: unknown = await client.sendCommand(['CONFIG', 'GET', 'save']);
    const value: unknown = Array.isArray(reply) ? reply[1] : (reply as Record<string, unknown>)['save'];
    return typeof value !== 'string' ? 'unknown' : value === '' ? 'off' : 'on';
  } catch {
    return 'unknown'; // A service needs no right to it, so it may be missing.
  }
}

function linesOf(info: string): Record<string, string> {
  const lines = info.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
  });
  return Object.fromEntries(lines);
}
