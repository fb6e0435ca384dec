import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requireBuilt } from '../e2e/process.ts';
import { startRedisTls, type TlsServer } from '../support/redis-tls.ts';
import { type Server, startPostgres, unprivilegedUser } from '../support/servers.ts';
import { builtCli, type Launched } from './image-process.ts';
import { textOf } from './stack.ts';

const POOL = 3;
const page = textOf('docs/deployment.md').replaceAll('\n', ' ');

// What docs/deployment.md says under "Connections, and TLS".
describe('a service that speaks TLS to both tiers', () => {
  let scratch: string;
  let redis: TlsServer;
  let postgres: Server;
  let authority: string;

  beforeAll(async () => {
    requireBuilt();
    scratch = mkdtempSync(join(tmpdir(), 'stockroom-tls-'));
    chmodSync(scratch, 0o755);
    // Both have the certificate of an authority of our own.
    redis = await startRedisTls();
    authority = join(scratch, 'ca.pem');
    const key = join(scratch, 'key.pem');
    writeFileSync(authority, redis.ca);
    writeFileSync(key, readFileSync(join(redis.directory, 'key.pem')), { mode: 0o600 });
    const owner = unprivilegedUser();
    if (owner !== undefined) chownSync(key, owner.uid, owner.gid);
    const access = join(scratch, 'pg_hba.conf');
    writeFileSync(access, 'hostssl all all 127.0.0.1/32 trust\nhostnossl all postgres 127.0.0.1/32 trust\n');
    const plain = { ssl: 'on', ssl_cert_file: authority, ssl_key_file: key, hba_file: access };
    postgres = await startPostgres(plain);
    const admin = new Client({ connectionString: postgres.url });
    await admin.connect();
    await admin.query('CREATE ROLE stockroom LOGIN');
    await admin.query('CREATE DATABASE stockroom OWNER stockroom');
    await admin.end();
  });
  afterAll(async () => {
    await Promise.all([redis?.stop(), postgres?.stop()]);
    rmSync(scratch, { recursive: true, force: true });
  });

  const url = (parameters: string): string =>
    `postgresql://stockroom@127.0.0.1:${postgres.port}/stockroom${parameters}`;
  const start = (env: Record<string, string>): Launched =>
    builtCli(['start'], { PORT: '0', DATABASE_POOL_MAX: String(POOL), ...env }, scratch);
  it.each(['?sslmode=verify-full', '?sslmode=require', ''])(
    'is refused by PostgreSQL with %j',
    async (parameters) => {
      const service = start({ DATABASE_URL: url(parameters), REDIS_URL: redis.url });
      const { exit, err } = await service.ended();
      expect([exit, err]).toEqual([1, expect.stringContaining('DATABASE_UNREACHABLE')]);
    },
  );

  it('is let in with the authority in the URL, and a backup too', async () => {
    const trusted = { DATABASE_URL: url(`?sslmode=verify-full&sslrootcert=${authority}`) };
    const service = start(trusted);
    await service.serving();
    service.child.kill('SIGTERM');
    expect((await service.ended()).exit).toBe(143);
    const backup = builtCli(['backup', join(scratch, 'backup')], trusted, scratch);
    expect(await backup.ended()).toMatchObject({
      exit: 0,
      out: expect.stringContaining('read back') as string,
    });
  });

  describe('with NODE_EXTRA_CA_CERTS', () => {
    let service: Launched;
    let address: string;
    let admin: Client;

    beforeAll(async () => {
      service = start({
        DATABASE_URL: url('?sslmode=verify-full'),
        REDIS_URL: redis.url,
        NODE_EXTRA_CA_CERTS: authority,
      });
      address = await service.serving();
      admin = new Client({ connectionString: postgres.url });
      await admin.connect();
    });
    afterAll(async () => {
      service?.child.kill('SIGTERM');
      await service?.ended();
      await admin?.end();
    });

    it('reaches both, and no connection is plain', async () => {
      const health = await (await fetch(`${address}/health`)).json();
      expect(health).toMatchObject({
        status: 'ok',
        tiers: { durable: { state: 'up' }, hot: { state: 'up', kind: 'redis' } },
      });
      const { rows } = await admin.query<{ ssl: boolean }>(
        `SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'stockroom'`,
      );
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.filter(({ ssl }) => !ssl)).toEqual([]);
    });

    it('has one connection to Redis', async () => {
      expect(page).toContain('**To Redis** a process has one');
      const client = createClient({ url: redis.url, socket: { tls: true, ca: redis.ca } });
      await client.connect();
      try {
        const ours = await client.sendCommand<number>(['CLIENT', 'ID']);
        await vi.waitFor(async () => {
          const clients = (await client.sendCommand<string>(['CLIENT', 'LIST'])).trim().split('\n');
          const others = clients.filter((line) => !line.startsWith(`id=${ours} `));
          expect(others).toHaveLength(1);
        });
      } finally {
        client.destroy();
      }
    });

    it('has no more connections than DATABASE_POOL_MAX and one, however much is asked of it', async () => {
      expect(page).toContain('(`DATABASE_POOL_MAX` + 1)');
      const body = { symbol: 'TLS', agent_type: 'technical', score: 1 };
      const ask = async (): Promise<number> => {
        const headers = { 'content-type': 'application/json' };
        const options = { method: 'POST', headers, body: JSON.stringify(body) };
        return (await fetch(`${address}/v1/context/analyses`, options)).status;
      };
      const counts: number[] = [];
      for (let round = 0; round < 10; round += 1) {
        const asked = Promise.all(Array.from({ length: 20 }, ask));
        const { rows } = await admin.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'stockroom'`,
        );
        counts.push(rows[0]!.count);
        expect(new Set(await asked)).toEqual(new Set([201]));
      }
      expect(Math.max(...counts)).toBeGreaterThanOrEqual(2);
      expect(Math.max(...counts)).toBeLessThanOrEqual(POOL + 1);
    });
  });
});
