import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { App } from '../../src/http/app.ts';
import { exportTraces } from '../../src/telemetry/exporter.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { traceDiagnostics } from '../../src/telemetry/tracing.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { Collector, of, type OtlpBody } from '../support/otlp-collector.ts';
import { apiKey, type TestServer, testServer } from '../support/http.ts';

describe('traces', () => {
  let tier: TestTier;
  let collector: Collector;
  let served: TestServer;
  let app: App;
  let url: string;
  let said: Record<string, unknown>[];
  let stop: () => Promise<void>;

  beforeAll(async () => {
    tier = await freshTier('server');
  });
  afterAll(() => tier?.remove());
  beforeEach(async () => {
    collector = new Collector();
    said = [];
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', await collector.listen());
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'authorization=Bearer%20collector-secret');
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '20');
  });
  afterEach(async () => {
    await app?.close();
    await stop?.();
    await collector.close();
    vi.unstubAllEnvs();
  });

  /** As `serve` puts them together. */
  async function serve(): Promise<void> {
    const stream = new Writable({
      write(line: Buffer, _encoding, done) {
        said.push(JSON.parse(line.toString('utf8')) as Record<string, unknown>);
        done();
      },
    });
    const close = await exportTraces({ logger: createLogger({ level: 'info', stream }) });
    const silence = traceDiagnostics();
    stop = async () => {
      silence();
      await close();
    };
    served = await testServer({ durable: tier.durable, apiKeys: [apiKey('app', 'read', 'write')] });
    app = served.app;
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  }

  const call = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url + path, { headers: { authorization: 'Bearer app-secret', ...headers } });
  const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
  const traceparent = `00-${caller.traceId}-${caller.spanId}-01`;

  it('are sent: the request below its caller, its statements below the request, and nothing of a secret', async () => {
    vi.stubEnv('OTEL_SERVICE_NAME', 'picks');
    await serve();
    const answer = await call('/v1/recommendations?symbol=SECRETSYMBOL&mode=swing', {
      traceparent,
      'x-request-id': 'request-1',
    });
    expect(answer.status).toBe(200);
    const body = JSON.stringify({ value: { text: 'SECRETVALUE' } });
    const put = request(`${url}/v1/context/memory/note/SECRETKEY`, {
      method: 'PUT',
      agent: false,
      headers: {
        authorization: 'Bearer app-secret',
        'content-type': 'application/json',
        'content-length': body.length,
        expect: '100-continue',
      },
    });
    // Its body comes when the request is under way, over a connection that belongs to none: there a context is lost.
    put.flushHeaders();
    await once(put, 'continue');
    put.end(body);
    const [memory] = (await once(put, 'response')) as [IncomingMessage];
    memory.resume();
    expect(memory.statusCode).toBe(200);
    await vi.waitFor(() => {
      collector.named('GET /v1/recommendations');
      collector.named('PUT /v1/context/memory/:type/:key');
    }, 10_000);

    const read = collector.named('GET /v1/recommendations');
    expect([read.traceId, read.parentSpanId]).toEqual([caller.traceId, caller.spanId]);
    expect(of(read, 'http.request.method')).toBe('GET');
    expect(of(read, 'http.route')).toBe('/v1/recommendations');
    expect(of(read, 'http.response.status_code')).toBe(200);
    expect(of(read, 'stockroom.request.id')).toBe('request-1');
    const statements = collector.spans.filter(({ parentSpanId }) => parentSpanId === read.spanId);
    expect(statements.map(({ name }) => name)).toContain('durable.query');
    expect(statements.map((span) => of(span, 'db.query.text')).join()).toMatch(/recommendations/);

    const write = collector.named('PUT /v1/context/memory/:type/:key');
    expect([write.traceId === read.traceId, write.parentSpanId ?? '']).toEqual([false, '']);
    expect(
      collector.spans.filter(({ parentSpanId }) => parentSpanId === write.spanId).length,
    ).toBeGreaterThan(0);

    const { resource } = (JSON.parse(collector.bodies[0]!) as OtlpBody).resourceSpans[0]!;
    expect(of({ ...read, ...resource }, 'service.name')).toBe('picks');
    expect(of({ ...read, ...resource }, 'service.version')).toMatch(/^\d+\.\d+\.\d+/);
    expect(collector.headers[0]).toMatchObject({
      path: '/v1/traces',
      authorization: 'Bearer collector-secret',
    });
    expect(collector.bodies.join()).not.toMatch(/SECRET|app-secret|collector-secret/);
    expect(said).toEqual([]);
  });

  it('say in which trace a line of the log was written', async () => {
    await serve();
    await call('/v1/llm/spend', { traceparent });
    await vi.waitFor(() => collector.named('GET /v1/llm/spend'), 10_000);
    const { spanId } = collector.named('GET /v1/llm/spend');
    const lines = served.log.filter(({ msg }) => msg === 'request');
    expect(lines).toMatchObject([{ route: '/v1/llm/spend', trace_id: caller.traceId, span_id: spanId }]);
  });

  it('tell of failures: a status of ours is an error, one of the caller is none, and no path is told', async () => {
    await serve();
    await tier.durable.query('alter table top_picks_runs rename to away');
    try {
      expect((await call('/v1/top-picks/runs')).status).toBe(500);
    } finally {
      await tier.durable.query('alter table away rename to top_picks_runs');
    }
    expect((await call('/v1/SECRETPATH?key=SECRETQUERY')).status).toBe(404);
    await vi.waitFor(() => {
      collector.named('GET /v1/top-picks/runs');
      collector.named('GET');
    }, 10_000);
    const [failed, unknown] = [collector.named('GET /v1/top-picks/runs'), collector.named('GET')];
    expect([failed.status?.code, of(failed, 'error.type')]).toEqual([2, '500']);
    expect([unknown.status?.code ?? 0, of(unknown, 'http.response.status_code')]).toEqual([0, 404]);
    expect(of(unknown, 'http.route')).toBeUndefined();
    expect(collector.bodies.join()).not.toMatch(/SECRET/);
  });

  it('end with a stream whose reader leaves', async () => {
    await serve();
    const headers = { authorization: 'Bearer app-secret' };
    // Not with fetch: it makes another connection in advance, for which the end of the service would wait.
    const events = get(`${url}/v1/events`, { agent: false, headers });
    const [answer] = (await once(events, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    answer.destroy();
    await vi.waitFor(() => collector.named('GET /v1/events'), 10_000);
    const stream = collector.named('GET /v1/events');
    expect([stream.status?.code ?? 0, of(stream, 'http.response.status_code')]).toEqual([0, 200]);
  });

  it('are sent at the end, also those of the last moment', async () => {
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '60000');
    await serve();
    await call('/v1/llm/spend');
    await app.close();
    expect(collector.bodies).toEqual([]);
    await stop();
    collector.named('GET /v1/llm/spend');
  });

  it.each(['refuses', 'is not there', 'is silent'])(
    'cost no time when the collector %s, which is said once',
    async (how) => {
      vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '300');
      if (how === 'refuses') collector.status = 400;
      if (how === 'is silent') collector.silent = true;
      if (how === 'is not there') await collector.close();
      await serve();
      let slowest = 0;
      const told = (): string[] => said.map(({ msg }) => String(msg));
      await vi.waitFor(
        async () => {
          const start = performance.now();
          expect((await call('/v1/llm/spend')).status).toBe(200);
          slowest = Math.max(slowest, performance.now() - start);
          expect(told().length).toBeGreaterThan(0);
        },
        { timeout: 20_000, interval: 30 },
      );
      // Several batches later.
      for (let turn = 0; turn < 40; turn += 1) expect((await call('/health/live')).status).toBe(200);
      await vi.waitFor(async () => {
        await call('/v1/llm/spend');
        if (how === 'refuses') expect(collector.headers.length).toBeGreaterThan(3);
      }, 20_000);
      const start = performance.now();
      await app.close();
      await stop();
      expect(performance.now() - start).toBeLessThan(4_000);
      expect(slowest).toBeLessThan(1_000);
      expect(told()).toEqual(['traces cannot be exported, and are dropped until the collector answers']);
      expect(JSON.stringify(said)).not.toMatch(/collector-secret/);
    },
  );

  it('go on when the collector is back', async () => {
    collector.status = 400;
    await serve();
    await vi.waitFor(async () => {
      await call('/v1/llm/spend');
      expect(said.length).toBe(1);
    }, 20_000);
    collector.status = 200;
    await vi.waitFor(async () => {
      await call('/v1/llm/spend');
      expect(said.map(({ msg }) => msg)).toContain('traces are exported again');
    }, 20_000);
  });

  it('are as many as the sampler of the environment lets through', async () => {
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_always_off');
    await serve();
    await call('/v1/llm/spend');
    await call('/v1/llm/usage', { traceparent });
    await vi.waitFor(() => collector.named('GET /v1/llm/usage'), 10_000);
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([caller.traceId]));
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ''],
    ['OTEL_SDK_DISABLED', 'true'],
    ['OTEL_TRACES_EXPORTER', 'none'],
  ])('are not made with %s=%s', async (name, value) => {
    vi.stubEnv(name, value);
    await serve();
    await call('/v1/llm/spend', { traceparent });
    await app.close();
    await stop();
    expect([collector.headers, said]).toEqual([[], []]);
    expect(served.log.find(({ msg }) => msg === 'request')).not.toHaveProperty('trace_id');
  });
});
