import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TcpProxy, startTcpProxy } from '../../src/testing/index.ts';
import type { DurableTier } from '../../src/tiers/durable/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { type LastingPostgres, startLastingPostgres } from '../support/lasting-postgres.ts';

const limits = { silenceMs: 300, connectTimeoutMs: 300 };
/** Far more than the limits, and far less than TCP takes. */
const SOON_MS = 10_000;

/** Takes several times as long as a silence may. */
const LONG = `SELECT 'yes' AS done FROM pg_sleep(1.5)`;

const portOf = (url: string): number => Number(new URL(url).port);
const through = (proxy: TcpProxy): string => `postgresql://postgres@127.0.0.1:${proxy.port}/postgres`;
const proxyTo = (port: number): Promise<TcpProxy> => startTcpProxy({ target: { host: '127.0.0.1', port } });
/** For a lost caller the way it was lost, for another its result. */
const outcomeOf = (work: Promise<unknown>): Promise<unknown> =>
  Promise.race([
    work.catch(({ code, message }: { code: string; message: string }) => ({ code, message })),
    delay(SOON_MS, 'still waiting', { ref: false }),
  ]);

describe('a PostgreSQL that has gone without a word', () => {
  let postgres: LastingPostgres;
  let other: LastingPostgres;
  let near: TcpProxy;
  let far: TcpProxy;
  let tier: DurableTier;

  beforeAll(async () => {
    [postgres, other] = await Promise.all([startLastingPostgres(), startLastingPostgres()]);
  });
  afterAll(async () => {
    await Promise.all([postgres?.remove(), other?.remove()]);
  });
  // The nearer proxy says where new connections go; the farther one is the way of those that are there.
  beforeEach(async () => {
    far = await proxyTo(portOf(postgres.url));
    near = await proxyTo(far.port);
    tier = await openServer({ url: through(near), schema: 'public', poolMax: 4, limits });
    await tier.query('CREATE TABLE IF NOT EXISTS kept (n int)');
  });
  afterEach(async () => {
    await tier?.close();
    await Promise.all([near?.close(), far?.close()]);
  });

  const lost = (why: RegExp) => ({
    code: 'DATABASE_UNREACHABLE',
    message: expect.stringMatching(why) as string,
  });

  it('lets no caller wait for ever, refuses others at once, and is used again when it answers', async () => {
    const waiting = [
      tier.query('SELECT pg_sleep(60)'),
      tier.transaction(async (session) => {
        await session.query('INSERT INTO kept VALUES (1)');
        far.blackHole();
        await session.query('INSERT INTO kept VALUES (2)');
      }),
    ];
    const outcomes = await Promise.all(waiting.map(outcomeOf));
    expect(outcomes).toEqual([lost(/does not answer at all/), lost(/does not answer at all/)]);
    // Without an attempt to connect, which would say something else.
    expect(await outcomeOf(tier.ping())).toEqual(lost(/answers nothing/));
    far.heal();
    await vi.waitFor(() => tier.ping(), { timeout: SOON_MS });
    expect((await tier.query('SELECT n FROM kept')).rows).toEqual([]);
  });

  it('suspended: what was not committed is not there when it goes on', async () => {
    const work = tier.transaction(async (session) => {
      await session.query('INSERT INTO kept VALUES (3)');
      postgres.suspend();
    });
    try {
      expect(await outcomeOf(work)).toEqual(lost(/does not answer at all/));
    } finally {
      postgres.resume();
    }
    await vi.waitFor(() => tier.ping(), { timeout: SOON_MS });
    // Whether a COMMIT that was on its way arrived, nobody knows; the connection itself works and holds no lock.
    await tier.query('TRUNCATE kept');
  });

  it('another server has taken over: connections to the old one are ended, and new ones go to the new', async () => {
    const waiting = tier.query('SELECT pg_sleep(61)');
    await vi.waitFor(async () => expect(await sleepers(tier)).toBe(1));
    far.blackHole();
    near.retarget({ host: '127.0.0.1', port: portOf(other.url) });
    expect(await outcomeOf(waiting)).toEqual(lost(/does not know of it any more/));
    expect(await portAt(tier)).toBe(portOf(other.url));
  });

  it('is not taken for gone while it works for long, or while the caller thinks', async () => {
    const long = tier.query<{ done: string }>(LONG);
    const thinking = tier.transaction(async (session) => {
      await session.query('SELECT 1');
      await delay(5 * limits.silenceMs);
      return (await session.query<{ n: number }>('SELECT 2 AS n')).rows;
    });
    expect((await long).rows).toEqual([{ done: 'yes' }]);
    expect(await thinking).toEqual([{ n: 2 }]);
  });

  it('is not taken for gone while a COPY is read or sent slowly', async () => {
    const rows = 200_000;
    let bytes = 0;
    for await (const chunk of tier.copyOut(
      `COPY (SELECT repeat('x', 100) FROM generate_series(1, ${rows}))`,
    )) {
      if (bytes === 0) await delay(5 * limits.silenceMs);
      bytes += chunk.byteLength;
    }
    expect(bytes).toBeGreaterThan(100 * rows);
    expect(await tier.copyIn('COPY kept', slowly())).toBe(1);
    await tier.query('TRUNCATE kept');
  });
});

it('a PostgreSQL without a connection left for the question cuts nobody off', async () => {
  const most = 4;
  const postgres = await startLastingPostgres({
    max_connections: String(most),
    superuser_reserved_connections: '0',
    max_wal_senders: '0',
    autovacuum: 'off',
  });
  const tier = await openServer({ url: postgres.url, schema: 'public', poolMax: most, limits });
  try {
    const long = Array.from({ length: most }, () => tier.query<{ done: string }>(LONG));
    const results = await Promise.all(long);
    expect(results.map(({ rows }) => rows)).toEqual(Array.from({ length: most }, () => [{ done: 'yes' }]));
  } finally {
    await tier.close();
    await postgres.remove();
  }
});

/** How many sleep for 61 seconds. */
async function sleepers(tier: DurableTier): Promise<number> {
  const { rows } = await tier.query(
    `SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(61)' AND state = 'active'`,
  );
  return rows.length;
}

async function portAt(tier: DurableTier): Promise<number> {
  const { rows } = await tier.query<{ port: number }>('SELECT inet_server_port() AS port');
  return rows[0]!.port;
}

/** A binary COPY of one row with the number 7, whose halves are seconds apart. */
async function* slowly(): AsyncGenerator<Uint8Array> {
  const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
  const row = Buffer.from([0, 1, 0, 0, 0, 4, 0, 0, 0, 7]);
  yield header;
  await delay(5 * limits.silenceMs);
  yield Buffer.concat([row, Buffer.from([0xff, 0xff])]);
}
