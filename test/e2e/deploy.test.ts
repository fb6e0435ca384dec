import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { Client } from 'pg';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  makeSecrets,
  redisSetting,
  type Secrets,
  serviceEnvironment,
  startDeployedPostgres,
  startDeployedRedis,
  textOf,
  urlOf,
} from '../deploy/stack.ts';
import type { Server } from '../support/servers.ts';
import { Process, requireBuilt } from './process.ts';

// The stack of deploy/ without its containers: the same files, users, secrets and environment.
describe('the stack of deploy/', () => {
  let secrets: Secrets;
  let postgres: Server;
  let redis: Server;
  let env: Record<string, string>;
  let service: Process;
  let url: string;

  const start = async (): Promise<void> => {
    service = new Process(['start'], { ...env, LOG_LEVEL: 'info' }, secrets.directory);
    url = await service.until(({ out }) => /Stockroom serves at (\S+)/.exec(out)?.[1]);
  };
  const as = (name: string): Record<string, string> => ({ authorization: `Bearer ${secrets.read(name)}` });
  const get = (path: string, key?: string): Promise<Response> =>
    fetch(url + path, key === undefined ? {} : { headers: as(key) });

  /** On a connection of its own, as a new caller comes: those that wait for a next request are let go. */
  async function statusOf(path: string, key?: string): Promise<number | undefined> {
    const headers = key === undefined ? {} : as(key);
    const [answer] = (await once(request(url + path, { agent: false, headers }).end(), 'response')) as [
      IncomingMessage,
    ];
    answer.resume();
    return answer.statusCode;
  }

  /** The health check of the image. @returns its exit code */
  function healthCheck(): number | null {
    const command = /^HEALTHCHECK [^]*?CMD (\[.+\])$/m.exec(textOf('Dockerfile'))?.[1] ?? '[]';
    const [, ...args] = JSON.parse(command) as string[];
    return spawnSync(process.execPath, args, { env: { PORT: new URL(url).port } }).status;
  }

  beforeAll(async () => {
    requireBuilt();
    secrets = makeSecrets();
    const persistence = ['--appendonly', redisSetting('appendonly'), '--save', redisSetting('save')];
    [postgres, redis] = await Promise.all([
      startDeployedPostgres(secrets),
      startDeployedRedis(secrets, persistence),
    ]);
    env = serviceEnvironment(secrets, postgres, redis);
    await start();
  });
  afterAll(async () => {
    service?.child.kill('SIGKILL');
    await Promise.all([postgres?.stop(), redis?.stop()]);
    secrets?.remove();
  });

  it('is started by the command of the image', () => {
    expect(textOf('Dockerfile')).toMatch(/^CMD \["start"\]$/m);
    expect(textOf('deploy/compose.yaml')).toContain('command: [start]');
  });

  it('runs PostgreSQL as postgresql.conf says', async () => {
    const admin = new Client({ connectionString: postgres.url });
    await admin.connect();
    const { rows } = await admin.query<{ name: string; setting: string; unit: string | null }>(
      `SELECT name, current_setting(name) AS setting FROM pg_settings WHERE source = 'configuration file'`,
    );
    await admin.end();
    const inForce = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    expect(inForce).toMatchObject({
      shared_buffers: '256MB',
      work_mem: '8MB',
      checkpoint_timeout: '15min',
      idle_in_transaction_session_timeout: '10min',
      log_lock_waits: 'on',
    });
    const written = [...textOf('deploy/postgresql.conf').matchAll(/^(\w+) = /gm)].map(([, name]) => name!);
    // The tests' own server decides about these on its command line.
    const overridden = ['listen_addresses', 'max_connections', 'timezone'];
    const ours = written.filter((name) => !overridden.includes(name));
    const known = Object.keys(inForce).map((name) => name.toLowerCase());
    expect(ours.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('is healthy, with both tiers, as users who may do no more than they need', async () => {
    expect((await get('/health/live')).status).toBe(200);
    expect((await get('/health/ready')).status).toBe(200);
    expect((await get('/health')).status).toBe(401);
    expect(healthCheck()).toBe(0);
    const health = (await (await get('/health', 'api_key_metrics')).json()) as Record<string, unknown>;
    expect(health).toMatchObject({
      status: 'ok',
      tiers: {
        durable: { state: 'up', kind: 'server' },
        hot: { state: 'up', topology: 'standalone', invalidation: 'tracking' },
      },
    });
    const owner = new Client({
      connectionString: urlOf(postgres, 'stockroom', secrets.read('database_password')),
    });
    await owner.connect();
    const { rows } = await owner.query(
      'SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user',
    );
    await owner.end();
    expect(rows).toEqual([{ rolsuper: false, rolcreaterole: false }]);
  });

  it('takes a write from the application, gives it back, and shows it in its metrics', async () => {
    const body = { model: 'gpt-4o-mini', tokens_input: 1_000, tokens_output: 500 };
    const write = (key?: string): Promise<Response> =>
      fetch(`${url}/v1/llm/requests`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key === undefined ? {} : as(key)) },
        body: JSON.stringify(body),
      });
    expect((await write()).status).toBe(401);
    expect((await write('api_key_metrics')).status).toBe(403);
    expect((await write('api_key_app')).status).toBe(201);
    const spend = await get('/v1/llm/spend', 'api_key_app');
    expect(spend.headers.get('ratelimit-limit')).toBe('12000');
    expect(await spend.json()).toMatchObject({ total_requests: 1 });
    const metrics = await get('/metrics', 'api_key_metrics');
    expect(await metrics.text()).toMatch(/^stockroom_tier_up\{tier="hot"\} 1$/m);
  });

  it('keeps its keys in Redis, on the disk too, and was refused nothing', async () => {
    const password = secrets.read('redis_admin_password');
    const admin = createClient({ url: `redis://admin:${password}@127.0.0.1:${redis.port}` });
    await admin.connect();
    expect(await admin.sendCommand(['ACL', 'LOG'])).toEqual([]);
    const keys = await admin.keys('*');
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !key.startsWith('stockroom:'))).toEqual([]);
    const persistence = await admin.info('persistence');
    await admin.close();
    expect(persistence).toContain('aof_enabled:1');
    expect(existsSync(join(redis.directory, 'appendonlydir'))).toBe(true);
    expect(readdirSync(join(redis.directory, 'appendonlydir')).length).toBeGreaterThan(1);
  });

  it('drains at SIGTERM: not ready, still answering, and then it ends', async () => {
    service.child.kill('SIGTERM');
    await vi.waitFor(async () => expect(await statusOf('/health/ready')).toBe(503), { interval: 20 });
    expect(await statusOf('/health/live')).toBe(200);
    expect(await statusOf('/v1/llm/spend', 'api_key_app')).toBe(200);
    const { exit, out, err } = await service.ended();
    expect([exit, healthCheck()]).toEqual([143, 1]);
    const printed = out + err;
    for (const name of ['redis_password', 'database_password', 'api_key_app'])
      expect(printed).not.toContain(secrets.read(name));
  });

  it('starts again on what is there', async () => {
    env = { ...env, STOCKROOM_DRAIN_MS: '0' };
    await start();
    expect(await (await get('/v1/llm/spend', 'api_key_app')).json()).toMatchObject({ total_requests: 1 });
    service.child.kill('SIGTERM');
    expect((await service.ended()).exit).toBe(143);
  });
});
