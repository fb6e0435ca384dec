import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openHot } from '../../src/tiers/hot/index.ts';
import { askRedis } from '../support/redis-commands.ts';
import { startRedisTls } from '../support/redis-topologies.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { connectionsAt, Fleet } from './hot-support.ts';

const PASSWORD = 's3cr%t:/@p#ss';
const PREFIX = 'faults-access:';
const USERS = {
  everything: ['+@all'],
  // Learns of writes by messages, and cannot end a connection of its own that it has given up.
  modest: ['+@all', '-@dangerous', '-client|tracking', '+info', '+role'],
};

describe('access', () => {
  let server: Server;
  let fleet: Fleet | undefined;

  afterEach(async () => {
    await fleet?.close();
    fleet = undefined;
    await server?.stop();
  });

  const urlOf = (user: string, password = PASSWORD): string =>
    `redis://${user}:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;

  async function start(): Promise<void> {
    server = await startRedis();
    for (const [name, rules] of Object.entries(USERS)) {
      const patterns = [`~${PREFIX}*`, `&${PREFIX}*`];
      await askRedis(
        server.port,
        'ACL',
        'SETUSER',
        name,
        'on',
        `>${PASSWORD}`,
        'resetkeys',
        'resetchannels',
        ...patterns,
        ...rules,
      );
    }
  }

  async function keptTrue(): Promise<void> {
    const [one, other] = fleet!.members as [Fleet['members'][0], Fleet['members'][0]];
    await fleet!.readAll();
    for (let count = 0; count < 5; count += 1) {
      const written = await Promise.all(fleet!.keys.map((key) => fleet!.set(one, key)));
      expect(written.every(({ acknowledged }) => acknowledged)).toBe(true);
      await vi.waitFor(
        async () => {
          const read = await Promise.all(fleet!.keys.map((key) => fleet!.get(other, key)));
          expect(read.map(({ version }) => version)).toEqual(written.map(({ version }) => version));
        },
        { timeout: fleet!.heartbeatMs, interval: 5 },
      );
    }
    await fleet!.hitsAgain();
    fleet!.verify();
  }

  it.each([
    ['everything', 'tracking'],
    ['modest', 'messages'],
  ])('a user that may do %s within the prefix: copies are kept true by %s', async (user, mode) => {
    await start();
    fleet = await Fleet.open({ redis: [urlOf(user), urlOf(user)], keys: 50, prefix: PREFIX });
    expect(fleet.members.map(({ hot }) => hot.coherence.mode)).toEqual([mode, mode]);
    await keptTrue();
    // A connection that breaks is made again, with what this user may do.
    for (const id of await connectionsAt(server.port))
      await askRedis(server.port, 'CLIENT', 'KILL', 'ID', id);
    await fleet.recovered(urlOf(user));
    await keptTrue();
  });

  it.each([
    ['a wrong password', () => urlOf('everything', 'wr0ng:pass/w@rd'), 'wr0ng:pass/w@rd', /WRONGPASS/],
    ['a user that is not there', () => urlOf('nobody'), PASSWORD, /WRONGPASS/],
    ['no password where one is needed', () => `redis://127.0.0.1:${server.port}`, 'needed', /NOAUTH/],
  ])('%s: it opens, and every call says why it does not work', async (what, url, secret, reason) => {
    await start();
    if (what.startsWith('no password')) await askRedis(server.port, 'CONFIG', 'SET', 'requirepass', 'needed');
    const began = performance.now();
    const hot = await openHot({ redis: url(), keyPrefix: PREFIX });
    try {
      expect(performance.now() - began).toBeLessThan(2_500);
      const error: unknown = await hot.entries.read(`${PREFIX}c:x`).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'HOT_UNAVAILABLE', message: expect.stringMatching(reason) });
      const told = JSON.stringify([String(error), Object.entries(error as Error), hot.location, hot.state()]);
      const { cause, stack = '' } = error as Error;
      const causes = inspect(cause, { depth: 10 });
      for (const text of [told, causes, stack])
        for (const form of [secret, encodeURIComponent(secret)]) expect(text).not.toContain(form);
    } finally {
      await hot.close();
    }
  });

  it('by TLS: works with the certificate, and says why without it', async () => {
    const secure = await startRedisTls();
    server = secure;
    fleet = await Fleet.open({ redis: [secure.url, secure.url], keys: 50, hot: { tls: { ca: secure.ca } } });
    expect(fleet.members.map(({ hot }) => hot.coherence.mode)).toEqual(['tracking', 'tracking']);
    await keptTrue();
    const hot = await openHot({ redis: secure.url, keyPrefix: PREFIX });
    const error: unknown = await hot.entries.read(`${PREFIX}c:x`).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'HOT_UNAVAILABLE', message: expect.stringMatching(/certificate/) });
    await hot.close();
  });
});
