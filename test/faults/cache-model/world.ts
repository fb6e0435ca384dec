import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import { startTcpProxy, type TcpProxy } from '../../../src/testing/index.ts';
import { openHot } from '../../../src/tiers/hot/index.ts';
import type { HotTier } from '../../../src/tiers/hot/port.ts';
import { type Cache, type CacheManager, createCache } from '../../../src/tiers/tiered/index.ts';
import type { Server } from '../../support/servers.ts';

/** Short, so that a run has many of each in a second or two. */
export const settings = {
  timeoutMs: 150,
  slowMs: 75,
  connectTimeoutMs: 400,
  heartbeatMs: 300,
  reconnectMaxMs: 100,
  breakerMinMs: 100,
  breakerMaxMs: 300,
} as const;

export interface Stored {
  readonly id: number;
}

export const hardTimeoutMs = 1_000;

/** What one process has: a cache and its way to Redis, in which faults happen. */
export interface Member {
  readonly proxy: TcpProxy;
  readonly hot: HotTier;
  readonly manager: CacheManager;
  readonly cache: Cache<Stored>;
}

export interface World {
  readonly members: readonly Member[];
  /** A command past all of them. */
  readonly ask: (command: string[]) => Promise<unknown>;
  close(): Promise<void>;
}

/** As many processes' worth of caches on one Redis, over keys that no other run has. */
export async function openWorld(server: Server, count: number): Promise<World> {
  const keyPrefix = `m${randomBytes(6).toString('hex')}:`;
  const plain = createClient({ url: server.url });
  plain.on('error', () => undefined); // It rejects the command as well.
  await plain.connect();
  const members = await Promise.all(Array.from({ length: count }, () => openMember(server, keyPrefix)));
  return {
    members,
    ask: (command) => plain.sendCommand(command),
    async close() {
      await Promise.all(members.map(({ manager }) => manager.close()));
      await Promise.all(members.map(({ hot }) => hot.close()));
      await Promise.all(members.map(({ proxy }) => proxy.close()));
      plain.destroy();
    },
  };
}

async function openMember(server: Server, keyPrefix: string): Promise<Member> {
  const proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: server.port } });
  const hot = await openHot({ redis: `redis://127.0.0.1:${proxy.port}`, keyPrefix, settings });
  const manager = createCache(hot);
  const cache = manager.namespace<Stored>('model', {
    ttlMs: 60_000,
    claimMs: 300,
    hardTimeoutMs,
    errorBackoffMs: 20,
  });
  return { proxy, hot, manager, cache };
}
