import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../../src/testing/index.ts';
import { askRedis } from '../support/redis-commands.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { chunksOf, connectionsAt, Fleet, LONG, type Member, startLoad } from './hot-support.ts';

const KEYS = 1_000;
const ROUNDS = 5;
/** In the middle of an answer, wherever that is. */
const CUT_BYTES = 1_777;

describe('the stream of invalidations', () => {
  let server: Server;
  let proxy: TcpProxy;
  let fleet: Fleet;

  beforeAll(async () => {
    server = await startRedis();
    proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: server.port } });
  });
  afterEach(async () => {
    proxy.heal();
    await fleet?.close();
  });
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
  });

  const through = (): string => `redis://127.0.0.1:${proxy.port}`;

  /** One has all keys in its process; the other writes all of them while `fault` happens. Reads until the bound is over. */
  async function writeDuring(fault: () => Promise<void> | void): Promise<void> {
    const [reader, writer] = fleet.members as [Member, Member];
    await fleet.readAll();
    for (const [part, keys] of chunksOf(fleet.keys, KEYS / 5).entries()) {
      await Promise.all([
        ...keys.map((key) => fleet.set(writer, key)),
        part === 1 || part === 3 ? fault() : undefined,
        ...keys.map((key) => fleet.get(reader, key)),
      ]);
    }
    const bound = performance.now() + fleet.heartbeatMs;
    await vi.waitFor(
      async () => {
        const start = performance.now();
        await Promise.all(fleet.keys.map((key) => fleet.get(reader, key)));
        expect(start).toBeGreaterThan(bound);
      },
      { timeout: 10_000, interval: 20 },
    );
  }

  it(`is killed twice while ${KEYS} keys are written, ${ROUNDS} times: none is stale after the bound`, async () => {
    fleet = await Fleet.open({ redis: [server.url, server.url], keys: KEYS });
    const ids = (await connectionsAt(server.port)).map(Number);
    const writers = String(Math.max(...ids));
    let killed = 0;
    const kill = async (): Promise<void> => {
      for (const id of await connectionsAt(server.port))
        if (id !== writers) killed += Number(await askRedis(server.port, 'CLIENT', 'KILL', 'ID', id));
    };
    for (let count = 0; count < ROUNDS; count += 1) await writeDuring(kill);
    expect(killed).toBeGreaterThanOrEqual(ROUNDS);
    expect((await connectionsAt(server.port)).includes(writers)).toBe(true);
    await fleet.recovered(server.url);
    fleet.verify();
  });

  const faults: Record<string, { begin: () => void; lastsMs?: number }> = {
    reset: { begin: () => proxy.reset() },
    'a black hole': { begin: () => proxy.blackHole() },
    'a black hole of what comes down': { begin: () => proxy.blackHole('down') },
    'a black hole of what goes up': { begin: () => proxy.blackHole('up') },
    'a stall': { begin: () => proxy.stall(), lastsMs: 3_000 },
    'a stall of what comes down': { begin: () => proxy.stall('down'), lastsMs: 3_000 },
    'a delay': { begin: () => proxy.delay(200) },
    'a cut in the middle of a frame': { begin: () => proxy.cutAfter(CUT_BYTES, 'down') },
    'a cut of what goes up': { begin: () => proxy.cutAfter(CUT_BYTES, 'up') },
    'a refusal': { begin: () => proxy.refuse() },
  };
  const inShort = ['a black hole of what comes down', 'a stall', 'a cut in the middle of a frame'];
  const single = Object.entries(faults).filter(([name]) => LONG || inShort.includes(name));

  it.each(single)(
    `meets %s while ${KEYS} keys are written: none is stale after the bound`,
    async (_, fault) => {
      fleet = await Fleet.open({ redis: [through(), server.url], keys: KEYS });
      await writeDuring(fault.begin);
      await delay((fault.lastsMs ?? 0) - fleet.heartbeatMs);
      proxy.heal();
      await fleet.recovered(server.url);
      fleet.verify();
    },
  );

  it('meets one fault of the network after another under load', async () => {
    fleet = await Fleet.open({ redis: [through(), server.url, server.url], keys: 60 });
    const stop = startLoad(fleet);
    for (const { begin, lastsMs = LONG ? 3_000 : 1_300 } of Object.values(faults)) {
      await delay(300);
      begin();
      await delay(lastsMs);
      proxy.heal();
    }
    await delay(1_000);
    await stop();
    await fleet.recovered(server.url);
    expect(fleet.verify().refused).toBeGreaterThan(0);
  });
});
