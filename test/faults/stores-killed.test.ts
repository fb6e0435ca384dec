import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createRandom } from '../../src/legacy/sample/random.ts';
import { type DurableTier, migrate } from '../../src/tiers/durable/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { type Environment, Process, requireBuilt } from '../e2e/process.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Server, startRedis } from '../support/servers.ts';

const LONG = process.env['STOCKROOM_TEST_LONG'] === '1';
const ROUNDS = LONG ? 10 : 3;
const CLIENTS = 8;
/** Acknowledgements between two kills: at least so many, and up to twice as many. */
const BETWEEN = 60;
/** So long after that the moment of the kill is. */
const MOMENT_MS = 40;
/** A client that hears nothing for so long takes the service for dead. */
const PATIENCE_MS = 10_000;
/** Notes of the dead are swept after five seconds; each look is a process that has to start. */
const SWEPT = { timeout: 20_000, interval: 250 };
const DAY = '2026-11-20';
/** In millionths of a dollar, so that the sum is exact. */
const MILLION = 1_000_000n;

interface Acknowledged {
  readonly id: number;
  readonly cost_usd: string | null;
  readonly repeated: boolean;
}

let scratch: string;
let database: TestDatabase;
let durable: DurableTier;
let redis: Server;
let env: Environment;
const processes = new Set<Process>();

beforeAll(async () => {
  requireBuilt();
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-stores-killed-'));
  database = await freshDatabase();
  redis = await startRedis();
  env = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    STOCKROOM_DATA_DIR: join(scratch, 'data'),
  };
  durable = await openServer({ url: database.url, schema: 'stockroom', poolMax: 2 });
  await migrate(durable);
});
afterAll(async () => {
  for (const { child } of processes) if (child.exitCode === null) child.kill('SIGKILL');
  await durable?.close();
  await redis?.stop();
  await database?.drop();
  rmSync(scratch, { recursive: true, force: true });
});

it(
  'a service that is killed under load: everything acknowledged is there, once, and every key is right soon',
  async () => {
    const random = createRandom(Date.now() % 1_000_000, 'kills');
    const load = new Load();
    let service = await serve(load);
    const clients = Promise.all(Array.from({ length: CLIENTS }, (_, client) => load.run(client)));
    // A client that fails ends the test.
    const reaches = (count: number) => Promise.race([load.reaches(load.acknowledged.size + count), clients]);
    for (let round = 0; round < ROUNDS; round += 1) {
      await reaches(Math.floor(BETWEEN * (1 + random.next())));
      await delay(random.next() * MOMENT_MS);
      load.url = undefined;
      service.child.kill('SIGKILL');
      expect((await service.ended()).exit).toBeNull();
      service = await serve(load);
    }
    await reaches(BETWEEN);
    load.ends = true;
    await clients;

    expect(load.broken).toBeGreaterThan(0);
    await requireKeys(load);
    await requireRows(load);
    await requireSpend(load, service);
    service.child.kill('SIGTERM');
    expect((await service.ended()).exit).toBe(143);
  },
  LONG ? 400_000 : 150_000,
);

async function serve(load: Load): Promise<Process> {
  const service = begin(['serve', '--port', '0']);
  load.url = await service.until(({ out }) => /serves at (http:\S+)/.exec(out)?.[1]);
  return service;
}

function begin(argv: readonly string[]): Process {
  const started = new Process(argv, env, scratch);
  processes.add(started);
  return started;
}

/** Clients that log calls, and repeat with its key what was not acknowledged. */
class Load {
  readonly acknowledged = new Map<string, Acknowledged>();
  /** What was sent, and what it costs; null: the service cannot know. */
  readonly sent = new Map<string, bigint | null>();
  /** Calls that a kill left without an answer. */
  broken = 0;
  ends = false;
  #url: string | undefined;
  readonly #waiting = new Set<() => void>();

  /** Where the service is; undefined while there is none. */
  set url(url: string | undefined) {
    this.#url = url;
    this.#tell();
  }

  async reaches(count: number): Promise<void> {
    while (this.acknowledged.size < count) await this.#changed();
  }

  async run(client: number): Promise<void> {
    for (let n = 0; !this.ends; n += 1) await this.call(client, n);
  }

  /** Resolves when it is acknowledged. */
  async call(client: number, n: number): Promise<void> {
    const key = `client-${client}-call-${n}`;
    const millionths = n % 5 === 4 ? null : BigInt(1 + n * CLIENTS + client);
    this.sent.set(key, millionths);
    const body = JSON.stringify({
      model: millionths === null ? 'nobody-knows' : `model-${client % 3}`,
      tokens_input: n,
      tokens_output: 1,
      response_id: key,
      created_at: `${DAY}T12:00:00Z`,
      ...(millionths === null ? {} : { cost_usd: dollars(millionths) }),
    });
    this.acknowledged.set(key, await this.#log(body));
    this.#tell();
  }

  async #log(body: string): Promise<Acknowledged> {
    for (;;) {
      while (this.#url === undefined) await this.#changed();
      const url = this.#url;
      try {
        const answer = await fetch(`${url}/v1/llm/requests`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
          signal: AbortSignal.timeout(PATIENCE_MS),
        });
        const said: unknown = await answer.json();
        expect([answer.status, said]).toEqual([201, expect.anything()]);
        return said as Acknowledged;
      } catch (error) {
        // Only a service that was killed may break off.
        if (this.#url === url) throw error;
        this.broken += 1;
      }
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  #tell(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

/** Every one that was sent was acknowledged in the end; so there are these rows and no others. */
async function requireRows({ acknowledged, sent }: Load): Promise<void> {
  expect([...acknowledged.keys()].toSorted()).toEqual([...sent.keys()].toSorted());
  const { rows } = await durable.query<{ id: bigint; response_id: string; cost: string | null }>(
    'select id, response_id, trim_scale(cost_usd) as cost from llm_requests',
  );
  const stored = rows.map(({ id, response_id, cost }) => [response_id, Number(id), cost]);
  const said = [...acknowledged].map(([key, { id, cost_usd }]) => [key, id, cost_usd]);
  expect(stored.toSorted(byKey)).toEqual(said.toSorted(byKey));
}

async function requireSpend({ sent }: Load, service: Process): Promise<void> {
  const url = /serves at (http:\S+)/.exec(service.out)![1]!;
  const costs = [...sent.values()];
  const known = costs.filter((cost) => cost !== null);
  const spend: unknown = await (await fetch(`${url}/v1/llm/spend?date=${DAY}`)).json();
  expect(spend).toMatchObject({
    total_cost_usd: dollars(known.reduce((sum, cost) => sum + cost, 0n)),
    total_requests: costs.length,
    unpriced_requests: costs.length - known.length,
  });
}

/** While the service runs: it drops what the dead ones noted, and the next write builds it. */
async function requireKeys(load: Load): Promise<void> {
  await vi.waitFor(async () => {
    await verified();
    const { rows } = await durable.query('select id from view_intents');
    expect(rows).toEqual([]);
  }, SWEPT);
  await load.call(0, load.sent.size);
  await vi.waitFor(async () => {
    // Of a key that is not there nothing is verified.
    for (const { pattern, keys } of await verified()) expect(keys, pattern).toBeGreaterThan(0);
  }, SWEPT);
}

async function verified(): Promise<{ pattern: string; keys: number }[]> {
  const { exit, out, err } = await begin(['hot', 'verify', 'llm-costs', '--json']).ended();
  expect(exit, out + err).toBe(0);
  return (JSON.parse(out) as { views: { pattern: string; keys: number }[] }).views;
}

function byKey([a]: unknown[], [b]: unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}

/** Without zeros at the end, as PostgreSQL's trim_scale gives it. */
function dollars(millionths: bigint): string {
  const fraction = String(millionths % MILLION)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const whole = String(millionths / MILLION);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
