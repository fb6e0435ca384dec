import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '../../src/http/server.ts';
import { startTcpProxy } from '../../src/testing/index.ts';
import { hasPython } from '../support/capture.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { apiKey, testServer, type TestServer } from '../support/http.ts';
import { ROOT } from '../support/source-files.ts';

const EXAMPLE = join(ROOT, 'examples/python/stockroom_client.py');
const DEADLINE_MS = 60_000;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function python(...args: string[]): Promise<Ended> {
  const options = {
    timeout: DEADLINE_MS,
    cwd: join(ROOT, 'examples/python'),
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  };
  return promisify(execFile)('python3', args, options).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout,
      err: error.stderr,
    }),
  );
}

describe.skipIf(!hasPython)('examples/python/stockroom_client.py', () => {
  let tier: TestTier;
  let server: TestServer;
  let url: string;
  beforeAll(async () => {
    tier = await freshTier('server');
    const apiKeys = [apiKey('trader', 'read', 'write'), apiKey('reader', 'read')];
    server = await testServer({ durable: tier.durable, apiKeys });
    url = await listen(server.app, { host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await server?.app.close();
    await tier?.remove();
  });

  /** How many rows each table has that the example writes to. */
  async function counts(): Promise<Record<string, number>> {
    const tables = [
      'llm_requests',
      'ai_recommendations',
      'top_picks_runs',
      'agent_analyses',
      'user_preferences',
      'agent_learnings',
      'pick_events',
      'pick_agent_contributions',
      'pick_outcomes',
      'rl_policies',
    ];
    const found = await Promise.all(
      tables.map(async (table) => {
        const { rows } = await tier.durable.query<{ n: bigint }>(`select count(*) as n from ${table}`);
        return [table, Number(rows[0]!.n)] as const;
      }),
    );
    return Object.fromEntries(found);
  }

  it('walks through every store, twice, and writes once', async () => {
    const walk = () => python(EXAMPLE, '--url', url, '--key', 'trader-secret');
    const first = await walk();
    expect([first.code, first.err], first.out).toEqual([0, '']);
    expect(first.out).not.toContain('NOT');
    expect(first.out.split('\n').filter((line) => /^\w/.test(line))).toHaveLength(12);
    const written = {
      llm_requests: 3,
      // Those of the scalping run, and that of the top-picks run.
      ai_recommendations: 3,
      top_picks_runs: 1,
      agent_analyses: 1,
      user_preferences: 1,
      agent_learnings: 1,
      // The one that is logged by itself, and that of the top-picks run.
      pick_events: 2,
      pick_agent_contributions: 1,
      pick_outcomes: 1,
      rl_policies: 1,
    };
    expect(await counts()).toEqual(written);
    const { rows } = await tier.durable.query<{ cost: string; at: string }>(
      `select sum(cost_usd)::text as cost, to_char(min(created_at) at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as at from llm_requests`,
    );
    expect(rows).toEqual([{ cost: '0.3125', at: '2020-01-06 04:00' }]);

    const second = await walk();
    expect([second.code, second.err], second.out).toEqual([0, '']);
    expect(second.out).toBe(first.out);
    expect(await counts()).toEqual(written);
  });

  it('ends with 1 when an answer is not as expected', async () => {
    await tier.durable.query(`insert into llm_requests (model, tokens_input, tokens_output, cost_usd, created_at)
      values ('gpt-4', 1, 1, 1, '2020-01-06T05:00:00Z')`);
    const { code, out } = await python(EXAMPLE, '--url', url, '--key', 'trader-secret');
    expect([code, out]).toEqual([1, expect.stringMatching(/NOT .*Decimal\('1\.3125'\), expected/)]);
    expect(out).toContain('1 answers were not as expected');
  });

  it('tells of a key that is wrong, or not enough', async () => {
    expect(await python(EXAMPLE, '--url', url, '--key', 'wrong')).toMatchObject({
      code: 1,
      err: expect.stringContaining('UNAUTHORIZED: '),
    });
    expect(await python(EXAMPLE, '--url', url, '--key', 'reader-secret')).toMatchObject({
      code: 1,
      err: expect.stringContaining('FORBIDDEN: '),
    });
  });

  it('tries again what may be done twice, when the connection is lost', async () => {
    const proxy = await startTcpProxy({ target: { host: '127.0.0.1', port: Number(new URL(url).port) } });
    try {
      // The answer to the first try is lost: its row is there.
      const program = `
import sys
from stockroom_client import Stockroom, StockroomProblem
stockroom = Stockroom(sys.argv[1], api_key="trader-secret", retries=int(sys.argv[2]))
request = {"model": "lost", "tokens_input": 1, "tokens_output": 1, "cost_usd": "0.1"}
try:
    print(stockroom.post("/v1/llm/requests", request, key=sys.argv[3] or None)["repeated"])
except StockroomProblem as problem:
    print(problem.status, problem.code)
`;
      const at = `http://${proxy.host}:${proxy.port}`;
      const lost = async () => {
        const { rows } = await tier.durable.query<{ n: bigint }>(
          `select count(*) as n from llm_requests where model = 'lost'`,
        );
        return Number(rows[0]!.n);
      };
      proxy.cutAfter(0, 'down');
      expect((await python('-c', program, at, '3', '')).out).toBe('0 CONNECTION_LOST\n');
      expect([proxy.accepted, await lost()]).toEqual([1, 1]);
      const retried = python('-c', program, at, '8', 'lost-key');
      await expect.poll(() => proxy.accepted, { timeout: DEADLINE_MS, interval: 5 }).toBeGreaterThan(2);
      proxy.heal();
      expect((await retried).out).toBe('True\n');
      expect(await lost()).toBe(2);
    } finally {
      await proxy.close();
    }
  });
});
