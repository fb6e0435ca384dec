import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshTier, type TestTier } from '../../test/support/durable.ts';
import { testServer } from '../../test/support/http.ts';
import { type Server, startRedis } from '../../test/support/servers.ts';
import { migrationProgress } from '../core/diagnostics.ts';
import { type HotTier, openHot } from '../tiers/hot/index.ts';
import type { App } from './app.ts';
import { listen } from './server.ts';

const BOUND = { timeout: 20_000, interval: 20 };

let redis: Server;
let hot: HotTier;
let tier: TestTier;
let app: App;
let origin: string;
beforeAll(async () => {
  redis = await startRedis();
  hot = await openHot({ redis: redis.url });
  tier = await freshTier('server');
  ({ app } = await testServer({ durable: tier.durable, hot }));
  origin = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await hot.close();
  await redis.stop();
  await tier.remove();
});

interface Listening {
  text: string;
  readonly ended: Promise<void>;
  stop(): void;
}

async function events(query = '', at = origin): Promise<Listening> {
  const gone = new AbortController();
  const answer = await fetch(`${at}/v1/events${query}`, { signal: gone.signal });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const listening = { text: '', ended: Promise.resolve(), stop: () => gone.abort() };
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body!) listening.text += decoder.decode(chunk as Uint8Array);
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    }
  };
  return Object.assign(listening, { ended: read() });
}

const until = (listening: Listening, pattern: RegExp) =>
  vi.waitFor(() => expect(listening.text).toMatch(pattern), BOUND);

describe('events', () => {
  it('tell where the migration stands, and of every step', async () => {
    const listening = await events('?kinds=migration');
    await until(listening, /^event: migration\ndata: \{"run":null/m);
    await tier.durable.query(`insert into migration_runs (directory, command, tool_version, schema_version)
      values ('old', 'run', '1.0.0', 1)`);
    await until(listening, /"directory":"old".*"finished_at":null/);
    for (let done = 1; done <= 1_000; done += 1) {
      migrationProgress.publish(() => ({ source: 'llm_requests', phase: 'copy', done, total: 1_000 }));
    }
    await until(listening, /^event: progress\ndata: .*"done":1000/m);
    // What happens within a moment is told once.
    expect(listening.text.match(/event: progress/g)!.length).toBeLessThan(100);
    await tier.durable.query('update migration_runs set finished_at = now(), exit_code = 0');
    await until(listening, /"exit_code":0/);
    listening.stop();
    await listening.ended;
  });

  it('tell of keys that were written elsewhere', async () => {
    const listening = await events('?kinds=invalidations');
    const other = await openHot({ redis: redis.url });
    await vi.waitFor(async () => {
      await other.entries.write(`${other.prefix}c:quotes:TCS`, 'body', Date.now() + 60_000);
      expect(listening.text).toMatch(/^event: invalidated\ndata: \{"keys":\["c:quotes:TCS"/m);
    }, BOUND);
    expect(listening.text).not.toContain('event: migration');
    await other.close();
    listening.stop();
    await listening.ended;
  });

  it('say that some are missing rather than to hold them all', async () => {
    const listening = await events('?kinds=invalidations');
    await vi.waitFor(async () => {
      const writes = Array.from({ length: 3_000 }, (_, at) => ({
        key: `${hot.prefix}c:many:${at}`,
        body: '',
        expiresAtMs: Date.now() + 60_000,
      }));
      await hot.entries.writeMany(writes);
      expect(listening.text).toMatch(/^event: gap$/m);
    }, BOUND);
    listening.stop();
    await listening.ended;
  });

  it('refuse another kind', async () => {
    const answer = await app.inject('/v1/events?kinds=weather');
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { errors: [{ field: 'kinds' }] }]);
  });

  it('end when the service does, and hold it up no longer', async () => {
    const { app: other } = await testServer({ durable: tier.durable, hot });
    const at = await listen(other, { host: '127.0.0.1', port: 0 });
    const listening = await events('', at);
    await until(listening, /event: migration/);
    await other.close();
    await listening.ended;
    expect(listening.text).toMatch(/event: end\ndata: \{\}\n\n$/);
  });
});
