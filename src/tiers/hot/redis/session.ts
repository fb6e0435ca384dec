import { ErrorReply } from 'redis';
import type { Endpoint } from '../../../core/config-values.ts';
import { messageOf } from '../../../core/errors.ts';
import { within } from '../../../core/wait.ts';
import type { HotSettings } from '../settings.ts';
import { type Access, createRedisClient, type RedisClient } from './client.ts';
import { redisCode } from './replies.ts';
import { scripts } from './scripts.ts';

export interface SessionOptions {
  readonly access: Access;
  readonly settings: HotSettings;
  /** The variable that says where Redis is. */
  readonly setting: string;
  /** What `CLIENT LIST` shows. */
  readonly name: string;
  /** The key families of which copies are held in the process. */
  readonly tracked: readonly string[];
  /** Where writers that use Stockroom tell of their writes, where Redis does not. */
  readonly channel: string;
  /** Of this process, in those messages. */
  readonly sender: string;
  /** The last connection to each server, by its run id. */
  readonly fences: Map<string, string>;
}

/** One connection to a server, from the login to its end. */
export interface Session {
  readonly client: RedisClient;
  /** This life of the server: it changes when it restarts or another takes over. 8 hexadecimal digits. */
  readonly incarnation: string;
  readonly version: string;
  readonly invalidation: 'tracking' | 'messages';
  /** `performance.now()` before the stream of invalidations was armed. */
  readonly armedAt: number;
  /** Resolves to the reason. Never rejects. */
  readonly ended: Promise<string>;
  onInvalidated(listener: (key: string | null) => void): void;
  /** @returns false when it failed */
  ping(): Promise<boolean>;
  end(why: string): void;
}

export const INCARNATION_LENGTH = 8;

/**
 * Connects, logs in, arms the stream of invalidations and makes sure that nothing which an earlier connection sent can still
 * happen. Only then anybody may use it.
 *
 * @throws what the network, Redis or a deadline had against it, as it is
 */
export async function openSession(endpoint: Endpoint, options: SessionOptions): Promise<Session> {
  const tracking = options.settings.invalidation === 'auto';
  try {
    return await open(endpoint, options, tracking);
  } catch (error) {
    // Without the right to track, or where there is no such command: then without. Any other error is none of tracking's.
    const untracked =
      tracking && error instanceof ErrorReply && ['NOPERM', 'ERR'].includes(redisCode(error).code);
    if (!untracked) throw error;
  }
  return open(endpoint, options, false);
}

async function open(endpoint: Endpoint, options: SessionOptions, tracking: boolean): Promise<Session> {
  const { connectTimeoutMs, queueMax } = options.settings;
  const client = createRedisClient(endpoint, options.access, {
    name: options.name,
    connectTimeoutMs,
    queueMax,
    tracking,
  });
  const { ended, end } = endingOf(client);
  let listener: (key: string | null) => void = () => undefined;
  try {
    const opened = await within(
      arm(client, options, tracking, (key) => listener(key)),
      connectTimeoutMs,
    );
    if (opened === undefined) throw new Error(`no connection within ${connectTimeoutMs} ms`);
    return {
      client,
      ...opened,
      invalidation: tracking ? 'tracking' : 'messages',
      ended,
      end,
      onInvalidated: (given) => {
        listener = given;
      },
      ping: () => client.sendCommand(['PING']).then(answered, failed),
    };
  } catch (error) {
    end(messageOf(error));
    throw error;
  }
}

const answered = (): boolean => true;
const failed = (): boolean => false;

/** However a client ends (by us, by the server, by the network), it ends once and for all. */
function endingOf(client: RedisClient): { ended: Promise<string>; end: (why: string) => void } {
  let tell: (why: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const end = (why: string): void => {
    tell(why);
    client.destroy();
  };
  // It is not mended (see client.ts), so the first error is its end; errors of single commands do not come here.
  client.on('error', (error: unknown) => end(messageOf(error)));
  client.on('end', () => tell('the connection was closed'));
  return { ended, end };
}

async function arm(
  client: RedisClient,
  options: SessionOptions,
  tracking: boolean,
  invalidated: (key: string | null) => void,
) {
  await client.connect();
  const armedAt = performance.now();
  const [info, id] = await Promise.all([
    client.sendCommand<string>(['INFO', 'server']),
    client.sendCommand<number>(['CLIENT', 'ID']),
    tracking ? track(client, options, invalidated) : hear(client, options, invalidated),
    // Refused (MISCONF) where the disk fails and so all writes are: reads alone would give what was written over since.
    client.sendCommand(['PING']),
  ]);
  const role = await client.sendCommand<unknown[]>(['ROLE']);
  if (role[0] !== 'master') throw new Error(`it is no master but a ${String(role[0])}`);
  const runId = fieldOf(info, 'run_id');
  await fence(client, options.fences, runId, String(id));
  // Missing scripts are loaded as they are used; a user without the right to load them may still run them.
  for (const { lua } of Object.values(scripts)) {
    client.sendCommand(['SCRIPT', 'LOAD', lua]).catch(() => undefined);
  }
  return {
    armedAt,
    incarnation: runId.slice(0, INCARNATION_LENGTH).padEnd(INCARNATION_LENGTH, '0'),
    version: fieldOf(info, 'redis_version'),
  };
}

export function fieldOf(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';
}

/**
 * In broadcast mode Redis tells of every write under the prefixes, and (NOLOOP) not of those made on this connection. The client
 * has turned the other mode on by itself, so it is turned off first.
 */
async function track(
  client: RedisClient,
  options: SessionOptions,
  invalidated: (key: string | null) => void,
): Promise<void> {
  client.on('invalidate', (key: Buffer | string | null) => invalidated(key === null ? null : key.toString()));
  const prefixes = options.tracked.flatMap((prefix) => ['PREFIX', prefix]);
  await Promise.all([
    client.sendCommand(['CLIENT', 'TRACKING', 'OFF']),
    client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', 'NOLOOP', ...prefixes]),
  ]);
}

/** Where Redis does not tell of writes, writers that use Stockroom tell of theirs. */
async function hear(
  client: RedisClient,
  options: SessionOptions,
  invalidated: (key: string | null) => void,
): Promise<void> {
  await client.subscribe(options.channel, (message) => {
    const [sender, ...keys] = message.split('\n');
    if (sender !== options.sender) keys.forEach(invalidated);
  });
}

const FENCES_MAX = 100;

/**
 * A server that was slow or stopped may still hold commands of a connection that we have given up, and would run them after ours.
 * It is told to forget that connection first. An id means something to the same run of the server alone.
 */
async function fence(
  client: RedisClient,
  fences: SessionOptions['fences'],
  runId: string,
  id: string,
): Promise<void> {
  const old = fences.get(runId);
  fences.delete(runId);
  if (old !== undefined) {
    // Refused: it is gone already, or the user may not. Then a write that was given up may come late: see docs/cache.md.
    await client.sendCommand(['CLIENT', 'KILL', 'ID', old]).catch(() => undefined);
  }
  fences.set(runId, id);
  for (const first of fences.keys()) {
    if (fences.size <= FENCES_MAX) break;
    fences.delete(first);
  }
}
