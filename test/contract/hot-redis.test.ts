import { createClient } from 'redis';
import { afterAll, beforeAll } from 'vitest';
import { openHot } from '../../src/tiers/hot/index.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { hotSuite } from './hot/suite.ts';

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

const outside = {
  // As far as anybody can tell, an evicted key and a deleted one are the same.
  evict: async (key: string) => void (await plain.del(key)),
  writeFromOutside: async (key: string, text: string) => void (await plain.set(key, text)),
};

hotSuite({
  name: 'Redis',
  open: () => openHot({ redis: server.url, keyPrefix: 'contract:' }),
  ...outside,
});

hotSuite({
  name: 'Redis that tells of no writes',
  silent: true,
  open: () =>
    openHot({ redis: server.url, keyPrefix: 'contract-messages:', settings: { invalidation: 'messages' } }),
});
