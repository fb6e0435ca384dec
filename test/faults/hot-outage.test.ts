import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hotBreaker } from '../../src/core/hot-diagnostics.ts';
import { startTcpProxy } from '../../src/testing/index.ts';
import { openHot } from '../../src/tiers/hot/index.ts';
import { askRedis } from '../support/redis-commands.ts';
import { kill, pause, resume } from '../support/redis-topologies.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { Fleet, leave, LONG, startLoad } from './hot-support.ts';

const KEYS = 60;

describe('Redis itself', () => {
  let server: Server;
  let fleet: Fleet;
  let stop: () => Promise<void>;
  const cleanUps: (() => unknown)[] = [];

  beforeEach(async () => {
    server = await startRedis(['--enable-debug-command', 'yes']);
  });
  afterEach(async () => {
    await stop?.();
    await fleet?.close();
    await server?.stop();
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  });

  async function underLoad(urls = [server.url, server.url]): Promise<void> {
    fleet = await Fleet.open({ redis: urls, keys: KEYS });
    stop = startLoad(fleet);
    await delay(500);
  }

  async function allWell(): Promise<ReturnType<Fleet['verify']>> {
    await delay(1_000);
    await stop();
    await fleet.recovered(server.url);
    return fleet.verify();
  }

  it('is killed and comes back empty, twice', async () => {
    await underLoad();
    for (let count = 0; count < 2; count += 1) {
      const { port } = server;
      await kill(server);
      await delay(700);
      server = await startRedis([], { port });
      await delay(700);
    }
    expect(await allWell()).toMatchObject({ refused: expect.any(Number) });
  });

  it('is killed and comes back with what it had some time ago: none of that is believed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stockroom-snapshot-'));
    cleanUps.push(() => rmSync(directory, { recursive: true, force: true }));
    const args = ['--dir', directory, '--dbfilename', 'old.rdb'];
    await server.stop();
    server = await startRedis(args);
    await underLoad();
    await fleet.readAll();
    await askRedis(server.port, 'SAVE');
    const then = new Map(fleet.truth);
    for (const member of fleet.members)
      await Promise.all(
        fleet.keys.filter((_, at) => fleet.writerOf(at) === member).map((key) => fleet.set(member, key)),
      );
    await delay(500);
    const { port } = server;
    await kill(server);
    server = await startRedis(args, { port });
    expect(Number(await askRedis(port, 'DBSIZE'))).toBeGreaterThan(KEYS / 2);
    const stranger = await fleet.join(server.url, 9);
    const reads = await Promise.all(fleet.keys.map((key) => fleet.get(stranger, key)));
    await leave(stranger);
    const old = reads.filter(({ key, version }) => version !== undefined && version <= then.get(key)!);
    expect(old).toEqual([]);
    await allWell();
  });

  it('is suspended for 3 s: nothing that was given up comes back over what was acknowledged', async () => {
    await underLoad();
    pause(server);
    await delay(3_000);
    resume(server);
    expect((await allWell()).refused).toBeGreaterThan(0);
  });

  it.runIf(LONG)(
    'is suspended again and again, for less than it takes to give the connection up',
    async () => {
      await underLoad();
      for (const ms of [600, 1_100, 1_600]) {
        pause(server);
        await delay(ms);
        resume(server);
        await delay(400);
      }
      expect((await allWell()).refused).toBeGreaterThan(0);
    },
  );

  it('sleeps for 2 s: the breaker opens, callers get what the factory gives, and it closes again', async () => {
    const states: string[] = [];
    cleanUps.push(hotBreaker.subscribe(({ state }) => states.push(state)));
    await underLoad();
    await askRedis(server.port, 'DEBUG', 'SLEEP', '2');
    await allWell();
    expect(states).toContain('open');
    expect(fleet.members.map(({ hot }) => hot.state().breaker)).toEqual(['closed', 'closed']);
  });

  it.runIf(LONG)('answers 2 s late, for one of two', async () => {
    const states: string[] = [];
    const proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: server.port } });
    cleanUps.push(
      () => proxy.close(),
      hotBreaker.subscribe(({ state }) => states.push(state)),
    );
    await underLoad([`redis://127.0.0.1:${proxy.port}`, server.url]);
    proxy.delay(2_000, 'down');
    await delay(4_000);
    proxy.heal();
    await allWell();
    expect(states).toContain('open');
  });

  it('cannot write to its disk and refuses writes: its reads, which may be old by now, are done without', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stockroom-disk-'));
    await server.stop();
    server = await startRedis(['--dir', directory, '--save', '900 1']);
    const { port } = server;
    const hot = await openHot({ redis: server.url });
    cleanUps.push(() => hot.close());
    const read = () => hot.statistics.counts(`${hot.prefix}memory:stats`);
    expect(await read()).toEqual({});
    rmSync(directory, { recursive: true });
    await askRedis(port, 'BGSAVE');
    await vi.waitFor(() => expect(read()).rejects.toThrow('cannot be used: MISCONF'), 10_000);
    expect(hot.state().state).toBe('down');
    await askRedis(port, 'CONFIG', 'SET', 'save', '');
    await vi.waitFor(async () => expect(await read()).toEqual({}), 10_000);
    expect(hot.state().state).toBe('up');
  });

  it('is emptied by another client, again and again', async () => {
    await underLoad();
    for (const command of [['FLUSHALL'], ['FLUSHDB'], ['FLUSHALL', 'ASYNC'], ['FLUSHDB', 'ASYNC']]) {
      for (let count = 0; count < 3; count += 1) {
        await askRedis(server.port, ...command);
        await delay(50);
      }
    }
    expect((await allWell()).refused).toBe(0);
  });
});
