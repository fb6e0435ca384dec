import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freshDatabase } from '../support/database.ts';
import { Collector, of, type OtlpBody, type Span } from '../support/otlp-collector.ts';
import { startRedis } from '../support/servers.ts';
import { type Environment, Process, requireBuilt } from './process.ts';

const patience = { timeout: 30_000, interval: 100 };
const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = `00-${caller.traceId}-${caller.spanId}-01`;
const SECRETS = /SECRET/;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Service {
  readonly process: Process;
  readonly url: string;
  readonly call: (path: string, init?: RequestInit) => Promise<Response>;
  /** Ends it as the system does. @returns its exit code */
  stop(): Promise<number | null>;
  /** Lines of its log with such a message. */
  told(message: RegExp): string[];
}

describe('traces of the built service', () => {
  let env: Environment;
  let directory: string;
  let collector: Collector;

  beforeEach(async () => {
    requireBuilt();
    directory = mkdtempSync(join(tmpdir(), 'stockroom-traces-'));
    closers.push(() => rmSync(directory, { recursive: true }));
    const database = await freshDatabase();
    closers.push(() => database.drop());
    const redis = await startRedis(['--requirepass', 'SECRETREDIS']);
    closers.push(() => redis.stop());
    collector = new Collector();
    closers.push(() => collector.close());
    const url = new URL(database.url);
    url.password = 'SECRETPASSWORD';
    env = {
      DATABASE_URL: url.href,
      REDIS_URL: redis.url.replace('//', '//:SECRETREDIS@'),
      STOCKROOM_API_KEYS: `app:read+write:${createHash('sha256').update('SECRETKEY').digest('hex')}`,
      STOCKROOM_SCHEDULES: 'off',
      OTEL_EXPORTER_OTLP_ENDPOINT: await collector.listen(),
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20SECRETHEADER',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    };
  });

  async function serve(more: Environment = {}): Promise<Service> {
    const process = new Process(['start', '--port', '0'], { ...env, ...more }, directory);
    const gone = once(process.child, 'close') as Promise<[number | null]>;
    closers.push(async () => {
      process.child.kill('SIGKILL');
      await gone;
    });
    const url = await process.until(({ out }) => /serves at (\S+)/.exec(out)?.[1]);
    return {
      process,
      url,
      call: (path, init = {}) => {
        const headers = {
          authorization: 'Bearer SECRETKEY',
          traceparent,
          connection: 'close',
          'content-type': 'application/json',
        };
        return fetch(url + path, { ...init, headers });
      },
      async stop() {
        process.child.kill('SIGTERM');
        return (await gone)[0];
      },
      told: (message) => process.err.split('\n').filter((line) => message.test(line)),
    };
  }

  const save = ({ call }: Service): Promise<Response> => {
    const body = JSON.stringify({ value: { text: 'SECRETVALUE' } });
    return call('/v1/context/memory/note/SECRETNAME?from=SECRETQUERY', { method: 'PUT', body });
  };

  it('arrive: the request in the trace of its caller, and below it what it asked of both tiers', async () => {
    const service = await serve();
    expect((await save(service)).status).toBe(200);
    const request = await vi.waitFor(() => collector.named('PUT /v1/context/memory/:type/:key'), patience);
    const below = await vi.waitFor(() => {
      const found = collector.spans.filter(({ parentSpanId }) => parentSpanId === request.spanId);
      expect(systemsOf(found)).toEqual(['postgresql', 'redis']);
      return found;
    }, patience);
    expect([request.traceId, request.parentSpanId]).toEqual([caller.traceId, caller.spanId]);
    expect(new Set(below.map(({ traceId }) => traceId))).toEqual(new Set([caller.traceId]));
    expect(below.filter((span) => of(span, 'db.system.name') === 'redis').map(({ name }) => name)).toContain(
      'hot.command',
    );
    // What the service asks of Redis by itself belongs to nobody.
    const strays = collector.spans.filter(
      ({ name, parentSpanId }) => name === 'hot.command' && !parentSpanId,
    );
    expect(strays).toEqual([]);
    for (const text of collector.bodies) {
      for (const { resource } of (JSON.parse(text) as OtlpBody).resourceSpans)
        expect(of(resource, 'service.name')).toBe('stockroom');
    }
    expect(collector.headers[0]).toMatchObject({ authorization: 'Bearer SECRETHEADER' });
    expect(await service.stop()).toBe(143);
    expect(collector.bodies.join('\n')).not.toMatch(SECRETS);
    expect(service.process.err).not.toMatch(SECRETS);
  });

  it('are sent before the process ends, when it is told to', async () => {
    const service = await serve({ OTEL_BSP_SCHEDULE_DELAY: '600000' });
    expect((await save(service)).status).toBe(200);
    expect(collector.bodies).toEqual([]);
    expect(await service.stop()).toBe(143);
    expect(collector.named('PUT /v1/context/memory/:type/:key').traceId).toBe(caller.traceId);
  });

  it.each(['answers 500', 'answers 503', 'is away', 'is silent'])(
    'cost nothing when the collector %s: requests go on, and one line says so',
    async (how) => {
      if (how.startsWith('answers')) collector.status = Number(how.slice('answers '.length));
      if (how === 'is silent') collector.silent = true;
      if (how === 'is away') await collector.close();
      // A batch is given up after so long: those that are tried again would be told of later.
      const service = await serve({ OTEL_EXPORTER_OTLP_TIMEOUT: '500' });
      const warned = (): string[] => service.told(/traces cannot be exported/);
      let answered = 0;
      await vi.waitFor(async () => {
        expect((await save(service)).status).toBe(200);
        answered += 1;
        expect(warned().length).toBeGreaterThan(0);
      }, patience);
      // Each of these would be a batch, and could be a line.
      const before = answered;
      await vi.waitFor(async () => {
        expect((await save(service)).status).toBe(200);
        answered += 1;
        expect(answered - before).toBeGreaterThan(20);
      }, patience);
      expect(await service.stop()).toBe(143);
      expect(warned()).toHaveLength(1);
      expect(service.told(/OpenTelemetry/)).toEqual([]);
      expect(service.process.err).not.toMatch(SECRETS);
    },
  );

  it('do not hold the end of the process, for how long soever the collector may take', async () => {
    collector.silent = true;
    const forever = '3600000';
    const service = await serve({
      OTEL_EXPORTER_OTLP_TIMEOUT: forever,
      OTEL_BSP_EXPORT_TIMEOUT: forever,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    });
    expect((await save(service)).status).toBe(200);
    // One batch waits for its answer, and what comes then for that one.
    await vi.waitFor(() => expect(collector.waiting).toBe(1), patience);
    expect((await save(service)).status).toBe(200);
    expect(await service.stop()).toBe(143);
  });
});

const systemsOf = (spans: readonly Span[]): string[] =>
  Array.from(new Set(spans.map((span) => String(of(span, 'db.system.name'))))).sort();
