import { createClient } from 'redis';
import { afterAll, beforeAll } from 'vitest';
import { openHot } from '../../src/tiers/hot/index.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { cacheSuite } from './cache/suite.ts';

let server: Server;
let plain: ReturnType<typeof createClient>;

beforeAll(async () => {
  server = await startRedis();
  plain = createClient({ url: server.url });
  await plain.connect();
});
afterAll(async () => {
  await plain?.close();
  await server?.stop();
});

/** Copies are checked more often than by default, so that tests wait less. */
const heartbeatMs = 500;

cacheSuite({
  name: 'Redis',
  open: () => openHot({ redis: server.url, keyPrefix: 'contract:', settings: { heartbeatMs } }),
  outside: {
    set: async (key, text) => void (await plain.set(key, text)),
    delete: async (key) => void (await plain.del(key)),
  },
});

cacheSuite({
  name: 'Redis that tells of no writes',
  open: () =>
    openHot({
      redis: server.url,
      keyPrefix: 'contract-messages:',
      settings: { heartbeatMs, invalidation: 'messages' },
    }),
});
