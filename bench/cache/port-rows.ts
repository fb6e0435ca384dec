import type { OpenHotOptions } from '../../src/tiers/hot/index.ts';
import { connect, connectCluster } from './bare.ts';
import { TTL_MS } from './contender.ts';
import type { Entry } from './measure.ts';
import { stockroom } from './ours.ts';
import { keysOf, scoreOf } from './score.ts';
import type { SpeedRow } from './speed-row.ts';

const KEYS = 1_000;
const IN_FLIGHT = 64;
const PREFIX = 'p:';

const names = keysOf(0, KEYS).map((key) => `${PREFIX}c:${key}`);
const noLogin = { username: undefined, password: undefined, tls: false } as const;
const bodies = names.map((_, n) => JSON.stringify(scoreOf(n)));

/** Both read the same keys, written through our port: the same bytes on the wire. */
function throughPort(where: () => Promise<NonNullable<OpenHotOptions['redis']>>): Entry {
  return {
    name: 'stockroom hot.entries.read',
    role: 'ours',
    open: async () => {
      const hot = await stockroom.openHot({ redis: await where(), keyPrefix: PREFIX });
      await Promise.all(names.map((key, n) => hot.entries.write(key, bodies[n]!, Date.now() + TTL_MS)));
      return { op: (n) => hot.entries.read(names[n % KEYS]!), close: () => hot.close() };
    },
  };
}

interface Reader {
  get(key: string): Promise<string | null>;
  close(): Promise<void>;
}

function bare(name: string, role: Entry['role'], open: () => Promise<Reader>): Entry {
  return {
    name,
    role,
    open: async () => {
      const client = await open();
      const length = (await client.get(names[0]!))?.length ?? 0;
      if (length <= bodies[0]!.length) throw new Error('the keys are not there');
      return { op: (n) => client.get(names[n % KEYS]!), close: () => client.close() };
    },
  };
}

export const portRows: readonly SpeedRow[] = [
  {
    id: '8',
    title: 'Redis GET through the port, 64 in flight, one server',
    inFlight: IN_FLIGHT,
    aims: [{ than: 'limit', times: 0.9 }],
    entries: ({ url }) => [
      throughPort(async () => url),
      bare('node-redis GET without its timeout', 'limit', () => connect(url)),
      bare('node-redis GET with its timeout (its default)', 'reference', () => connect(url, {})),
    ],
  },
  {
    id: '9',
    title: 'Redis GET through the port, 64 in flight, a Cluster of 3 masters',
    inFlight: IN_FLIGHT,
    aims: [{ than: 'limit', times: 0.9 }],
    elsewhere: true,
    entries: ({ cluster }) => [
      throughPort(async () => ({ kind: 'cluster', nodes: await cluster(), ...noLogin })),
      bare('node-redis createCluster, GET without its timeout', 'limit', async () =>
        connectCluster((await cluster()).map(({ host, port }) => `redis://${host}:${port}`)),
      ),
    ],
  },
];
