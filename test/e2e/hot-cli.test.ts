import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { type Ended, type Environment, Process, requireBuilt } from './process.ts';

const BOUND = { timeout: 30_000, interval: 50 };

let scratch: string;
let redis: Server;
const running = new Set<Process>();

function begin(argv: readonly string[], env: Environment): Process {
  const started = new Process(argv, env, scratch);
  running.add(started);
  return started;
}
const call = (argv: readonly string[], env: Environment): Promise<Ended> => begin(argv, env).ended();

beforeAll(async () => {
  requireBuilt();
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-hot-cli-'));
  redis = await startRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
  const plain = createClient({ url: redis.url });
  await plain.connect();
  const keys = ['llm:requests', 'rec:1', 'rec:2', 'rec:3', 'c:prices:TCS', 'c:prices:INFY'];
  await Promise.all(keys.map((key) => plain.set(`stockroom:${key}`, 'x')));
  await plain.set('elsewhere:1', 'x');
  await plain.get('stockroom:rec:1');
  await plain.get('stockroom:rec:none');
  await plain.close();
});
afterAll(async () => {
  for (const { child } of running) if (child.exitCode === null) child.kill('SIGKILL');
  await redis?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

describe('hot stats', () => {
  it('prints one document', async () => {
    const { exit, out, err } = await call(['hot', 'stats', '--json'], { REDIS_URL: redis.url });
    expect(exit).toBe(0);
    expect(err).toMatch(/^scan +keys +\d+\n$/);
    const location = redis.url.replace('redis://', '');
    expect(JSON.parse(out)).toEqual({
      ok: true,
      exit: 0,
      kind: 'redis',
      topology: 'standalone',
      location: expect.stringContaining(location) as unknown,
      state: 'up',
      breaker: 'closed',
      invalidation: 'tracking',
      latency_ms: expect.any(Number) as unknown,
      server_version: expect.stringMatching(/^\d+\.\d+/) as unknown,
      nodes: [{ location, connected: true, breaker: 'closed' }],
      memory: {
        used_bytes: expect.any(Number) as unknown,
        limit_bytes: 100 * 2 ** 20,
        eviction_policy: 'allkeys-lru',
      },
      keys: 7,
      evicted_keys: 0,
      hits: 1,
      misses: 1,
      hit_rate: 0.5,
      clients: expect.any(Number) as unknown,
      prefix: 'stockroom:',
      families: [
        { family: 'rec', keys: 3 },
        { family: 'c:prices', keys: 2 },
        { family: 'llm:requests', keys: 1 },
      ],
      scanned_keys: 6,
      scan_complete: true,
      warnings: [],
    });
  });

  it('prints tables for people, up to the keys that it was to count', async () => {
    const { exit, out } = await call(['hot', 'stats', '--scan-max', '4'], { REDIS_URL: redis.url });
    expect(exit).toBe(0);
    expect(out).toMatch(/^Redis \d+\.\d+\S* at .*\(standalone\), \d+\.\d ms\n/);
    expect(out).toMatch(/^Memory +[\d.]+ [KM]iB, of 100 MiB, allkeys-lru$/m);
    expect(out).toMatch(/^Hit rate +50\.0% \(1 hit, 1 miss\)/m);
    expect(out).toMatch(/^127\.0\.0\.1:\d+ +yes +closed$/m);
    expect(out).toContain('4 keys under stockroom: were counted, and there are more: see --scan-max');
    expect(out).not.toContain('To be done');
  });

  it('says what to do about a Redis that may not forget, or may grow for ever', async () => {
    const careless = await startRedis();
    try {
      const { exit, out } = await call(['hot', 'stats'], { REDIS_URL: careless.url });
      expect(exit).toBe(0);
      expect(out).toMatch(/^ {2}.*set maxmemory.*\[NO_MEMORY_LIMIT\]$/m);
      expect(out).toMatch(/^ {2}maxmemory-policy is noeviction.*allkeys-lru.*\[EVICTION_POLICY\]$/m);
      expect(out).toContain('No key begins with stockroom:');
      expect(out).toContain('nothing was read yet');
    } finally {
      await careless.stop();
    }
  });

  it('fails when Redis is away', async () => {
    const gone = await startRedis();
    await gone.stop();
    const { exit, out, err } = await call(['hot', 'stats', '--json'], { REDIS_URL: gone.url });
    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, exit: 1, error: { code: 'HOT_UNAVAILABLE' } });
    expect(err).toMatch(/^stockroom: HOT_UNAVAILABLE: [^\n]+\n$/);
  });
});

describe('start with Redis', () => {
  let database: TestDatabase;
  let env: Environment;
  beforeAll(async () => {
    database = await freshDatabase();
    env = { DATABASE_URL: database.url, STOCKROOM_DATA_DIR: join(scratch, 'data') };
  });
  afterAll(() => database?.drop());
  const urlIn = ({ out }: Process) => /serves at (http:\S+)/.exec(out)?.[1];

  it('connects, watches how true its copies are, and serves on when Redis goes and comes back', async () => {
    let own = await startRedis();
    const service = begin(['start', '--port', '0'], { ...env, REDIS_URL: own.url, LOG_LEVEL: 'info' });
    const url = await service.until(urlIn);
    await service.until(({ out }) => /hot tier Redis \d+\.\d+\S* at 127\.0\.0\.1:\d+/.exec(out));
    const health = async (): Promise<unknown> => (await fetch(`${url}/health`)).json();
    expect(await health()).toMatchObject({ status: 'ok', tiers: { hot: { state: 'up', kind: 'redis' } } });
    await vi.waitFor(async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/stockroom_cache_staleness_seconds_count [1-9]/);
      expect(metrics).toMatch(/stockroom_cache_requests_total\{namespace="canary",outcome="l1_hit"\} [1-9]/);
    }, BOUND);

    const { port } = own;
    await own.stop();
    await vi.waitFor(async () => {
      expect(await health()).toMatchObject({ status: 'degraded', tiers: { hot: { state: 'down' } } });
    }, BOUND);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${url}/v1/llm/usage?days=1`)).status).toBe(200);
    own = await startRedis([], { port });
    await vi.waitFor(async () => expect(await health()).toMatchObject({ status: 'ok' }), BOUND);

    service.child.kill('SIGTERM');
    const { exit, err } = await service.ended();
    expect(exit).toBe(143);
    const messages = err
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.filter((message) => message.includes('to Redis'))).toEqual([
      'connected to Redis',
      'the connection to Redis was lost',
      'connected to Redis',
    ]);
    await own.stop();
  });

  it('starts without a Redis that is configured and away', async () => {
    const gone = await startRedis();
    await gone.stop();
    const service = begin(['serve', '--port', '0'], { ...env, REDIS_URL: gone.url });
    const url = await service.until(urlIn);
    await service.until(({ out }) => /hot tier Redis is away, and is connected when it is back/.exec(out));
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'degraded' });
    service.child.kill('SIGTERM');
    expect(await service.ended()).toMatchObject({ exit: 143 });
  });
});
