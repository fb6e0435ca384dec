import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../../src/testing/index.ts';
import { type Server, startRedis } from '../support/servers.ts';
import type { Call } from './hot-history.ts';
import { chunksOf, Fleet, type Member, RECOVERY_MS } from './hot-support.ts';

/** Above what a namespace remembers key by key. */
const MANY = 12_000;

describe('writes that were not acknowledged', () => {
  let server: Server;
  let proxy: TcpProxy;
  let fleet: Fleet;

  beforeEach(async () => {
    server = await startRedis();
    proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: server.port } });
  });
  afterEach(async () => {
    await fleet?.close();
    await proxy?.close();
    await server?.stop();
  });

  const through = (): string => `redis://127.0.0.1:${proxy.port}`;

  it.each([900, 3_000])('arrive %i ms late, after others wrote: they are not seen', async (ms) => {
    fleet = await Fleet.open({ redis: [through(), server.url, server.url], keys: 60 });
    const [cut, writer, other] = fleet.members as [Member, Member, Member];
    await fleet.readAll();
    proxy.stall('up');
    const end = performance.now() + ms;
    const given = await Promise.all(fleet.keys.map((key) => fleet.set(cut, key)));
    expect(given.filter(({ acknowledged }) => acknowledged)).toEqual([]);
    const newer = await Promise.all(fleet.keys.map((key) => fleet.set(writer, key)));
    expect(newer.every(({ acknowledged }) => acknowledged)).toBe(true);
    const read = async (): Promise<void> => {
      await Promise.all(fleet.keys.flatMap((key) => [fleet.get(other, key), fleet.get(writer, key)]));
      await delay(5);
    };
    while (performance.now() < end) await read();
    proxy.heal();
    const healed = performance.now();
    while (performance.now() < healed + 2_000) await read();
    await fleet.recovered(server.url);
    fleet.verify();
  });

  it(`are ${MANY}, more than are remembered one by one: nothing old is believed afterwards`, async () => {
    fleet = await Fleet.open({
      redis: [through(), server.url],
      keys: MANY,
      namespace: { l1MaxEntries: 2 * MANY },
    });
    const [cut, other] = fleet.members as [Member, Member];
    const each = async (call: (key: string) => Promise<Call>): Promise<Call[]> => {
      const calls: Call[] = [];
      for (const keys of chunksOf(fleet.keys, 2_000)) calls.push(...(await Promise.all(keys.map(call))));
      return calls;
    };
    const written = await each((key) => fleet.set(other, key));
    expect(written.filter(({ acknowledged }) => !acknowledged)).toEqual([]);
    for (const member of fleet.members) await each((key) => fleet.get(member, key));
    proxy.blackHole();
    const given = await each((key) => fleet.set(cut, key));
    expect(given.filter(({ acknowledged }) => acknowledged)).toEqual([]);
    proxy.heal();
    let old = 0;
    // A few at a time: whoever keeps the process busy with all of them keeps it from connecting as well.
    const some = fleet.keys.filter((_, at) => at % 100 === 0);
    const olds = async (member: Member, keys: readonly string[]): Promise<number> => {
      const read = await Promise.all(keys.map((key) => fleet.get(member, key)));
      return read.filter(({ version }) => version === 1).length;
    };
    await vi.waitFor(
      async () => {
        old += await olds(cut, some);
        expect(cut.hot.state().state).toBe('up');
        expect(await olds(other, some)).toBe(0);
      },
      { timeout: RECOVERY_MS, interval: 20 },
    );
    for (const keys of chunksOf(fleet.keys, 2_000)) {
      old += await olds(cut, keys);
      expect(await olds(other, keys)).toBe(0);
    }
    expect(old).toBe(0);
    for (const member of fleet.members) {
      const made = await each((key) => fleet.getOrSet(member, key));
      expect(made.filter(({ version }) => version !== 2)).toEqual([]);
    }
    fleet.verify();
  });
});
